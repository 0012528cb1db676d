// The registration: one state for all copies of the code, idle unless commands run, and no fault for the node host.
import { afterEach, describe, expect, test } from "vitest";
import {
  type NodeHostApi,
  registerWorkspaceCommand,
  WORKSPACE_SERVER,
} from "../../../../../src/nodeRouter/transports/node/host/register.ts";
import { createMemory, type Memory } from "../../../../../src/shared/processMemory.ts";
import { runRequest } from "../../../../support/nodeEnd.ts";

type Command = Parameters<NodeHostApi["registerNodeHostCommand"]>[0];

const memories: Memory[] = [];
afterEach(async () => {
  for (const memory of memories.splice(0)) await memory.part(WORKSPACE_SERVER).current?.close();
});

function register(memory = createMemory(() => 0)) {
  memories.push(memory);
  const commands: Command[] = [];
  registerWorkspaceCommand(
    { version: "1", registerNodeHostCommand: (command) => void commands.push(command) },
    memory,
  );
  const [command] = commands;
  if (command === undefined) throw new Error("nothing was registered");
  const context = { prepareExecAuthorization: () => () => {}, sendNodeEvent: async () => null };
  const ask = async (request: object) =>
    JSON.parse(await command.handle(JSON.stringify(request), undefined, context));
  return { command, memory, ask };
}

describe("the workspace command", () => {
  test("is registered under its name, without a capability and not as a dangerous one, and loads nothing", () => {
    const { command, memory } = register();
    expect(Object.keys(command).sort()).toEqual(["command", "handle", "hasActiveWork", "prepare"]);
    expect(command.command).toBe("node-router.workspace.v1");
    expect(command.hasActiveWork?.()).toBe(false);
    expect(memory.part(WORKSPACE_SERVER).current).toBeNull();
  });

  test("is ready when the node host has prepared it: nothing is loaded later", async () => {
    const { command, memory } = register();
    await command.prepare?.({ config: {}, env: {} });
    expect(memory.part(WORKSPACE_SERVER).current).not.toBeNull();
    expect(command.hasActiveWork?.()).toBe(false);
  });

  test("has active work while a command runs, and none after", async () => {
    const { command, ask } = register();
    const { boot } = await ask({ op: "hello" });
    const request = { ...runRequest("sleep 30", boot), waitMs: 0 };
    expect(await ask(request)).toMatchObject({ kind: "state", fresh: true });
    expect(command.hasActiveWork?.()).toBe(true);
    await ask({ op: "signal", key: request.key, signal: "KILL" });
    await ask({ op: "pull", key: request.key, out: 0, err: 0, max: 1, waitMs: 2_500 });
    expect(command.hasActiveWork?.()).toBe(false);
    await ask({ op: "forget", key: request.key });
  });

  test("of every copy of the code in a process is one and the same: its boot and its commands", async () => {
    const first = register();
    const second = register(first.memory);
    const { boot } = await first.ask({ op: "hello" });
    expect(await second.ask({ op: "hello" })).toMatchObject({ boot });
    const request = runRequest("true", boot);
    await first.ask(request);
    expect(await second.ask(request)).toMatchObject({ fresh: false });
  });

  test("of another process has another boot", async () => {
    const [one, two] = [await register().ask({ op: "hello" }), await register().ask({ op: "hello" })];
    expect(one.boot).not.toBe(two.boot);
  });
});
