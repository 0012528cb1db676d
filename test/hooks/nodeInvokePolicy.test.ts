// Layer 3: which command runs the gateway lets through to a node.
import { describe, expect, test } from "vitest";
import { createAfterToolCall } from "../../src/hooks/afterToolCall.ts";
import { createNodeInvokePolicy, GUARDED_COMMANDS } from "../../src/hooks/nodeInvokePolicy.ts";
import { createToolPolicy } from "../../src/hooks/toolPolicy.ts";
import { COUNTERS } from "../../src/nodeRouter/state/counters.ts";
import { cordon as setCordon, uncordon } from "../../src/nodeRouter/surfaces/methods/cordonMethods.ts";
import {
  CN_ID,
  CONFIG,
  contextOf,
  execEvent,
  type FakeDeps,
  type FakeOptions,
  fakeDeps,
  hostEntry,
  SG_ID,
} from "../support/fakeDeps.ts";

function arranged(options: FakeOptions = {}) {
  const deps = fakeDeps(options);
  const refuse = createNodeInvokePolicy(deps);
  const policy = createToolPolicy(deps);
  return {
    deps,
    place: (agent = "worker-sg", id = "call-1") =>
      policy(execEvent(deps, { command: "id" }, { toolCallId: id }), contextOf(agent)),
    end: (id = "call-1") =>
      createAfterToolCall(deps)(execEvent(deps, {}, { toolCallId: id }), contextOf("worker-sg")),
    invoke: (nodeId: string, params: unknown = paramsOf("worker-sg"), command = "system.run") =>
      refuse({ nodeId, command, params }),
  };
}

const paramsOf = (agentId: string, sessionKey = `agent:${agentId}:main`) => ({
  agentId,
  sessionKey,
  argv: ["s3cret"],
});

const fact = `a command of agent "worker-sg" was sent to node ${CN_ID}, where its rule did not place it`;

test("the preparation of a run is guarded, not the run: the host cannot reload while a policy is under way", () => {
  expect(GUARDED_COMMANDS).toEqual(["system.run.prepare"]);
});

describe("while the agent's call is running", () => {
  test.each(GUARDED_COMMANDS)(
    "%s on its node passes and on another is refused, counted and logged",
    async (command) => {
      const { deps, place, invoke } = arranged();
      await place();
      expect(await invoke(SG_ID, paramsOf("worker-sg"), command)).toBe(null);
      expect(await invoke(CN_ID, paramsOf("worker-sg"), command)).toMatchObject({
        code: "RUN_NOT_ALLOWED",
        fact,
      });
      expect(deps.memory.part(COUNTERS).runsRefused).toBe(1);
      expect(deps.lines.at(-1)).toEqual({
        level: "error",
        text: `run refused {"part":"node-invoke","agent":"worker-sg","node":"${CN_ID}","tool":"${command}"}`,
      });
    },
  );

  test("a node that the rule would allow too is refused: the call was placed on the other one", async () => {
    const config = {
      ...CONFIG,
      nodes: { ...CONFIG.nodes, "sg-2": { node: "mac-cn", tags: ["region=sg"] }, "mac-cn": {} },
    };
    const { place, invoke } = arranged({
      config: {
        ...config,
        nodes: { "mac-sg": CONFIG.nodes["mac-sg"], "sg-2": { node: "mac-cn", tags: ["region=sg"] } },
      },
    });
    expect(await invoke(CN_ID)).toBe(null);
    await place();
    expect(await invoke(CN_ID)).toMatchObject({ code: "RUN_NOT_ALLOWED" });
  });

  test("the node of another agent, session or tool is no excuse", async () => {
    const { deps, place, invoke } = arranged();
    await place("worker-cn", "call-2");
    expect(await invoke(CN_ID)).toMatchObject({ code: "RUN_NOT_ALLOWED" });
    expect(await invoke(CN_ID, paramsOf("worker-sg", "agent:worker-cn:main"))).toMatchObject({ fact });
    expect(deps.memory.part(COUNTERS).runsRefused).toBe(2);
  });

  test("a node that went away, or a config that turned bad, does not stop the run that was placed before", async () => {
    const { deps, place, invoke } = arranged();
    await place();
    deps.nodes = new Error("draining");
    deps.clockMs += 60_000;
    deps.configure({ ...CONFIG, rules: "bad" });
    expect(await invoke(SG_ID)).toBe(null);
    expect(await invoke(CN_ID)).toMatchObject({ code: "RUN_NOT_ALLOWED" });
  });
});

describe("after the call has ended, as when an approval came late", () => {
  test("any node of the rule passes, no other", async () => {
    const { place, end, invoke } = arranged();
    await place();
    end();
    expect(await invoke(SG_ID)).toBe(null);
    expect(await invoke(CN_ID)).toMatchObject({ code: "RUN_NOT_ALLOWED" });
    expect(await invoke("unknown")).toMatchObject({ code: "RUN_NOT_ALLOWED" });
  });

  test("the ghost of a node is not the node", async () => {
    const { deps, invoke } = arranged();
    const ghost = "0d".repeat(32);
    expect(await invoke(SG_ID)).toBe(null);
    deps.nodes = { nodes: [hostEntry("mac-sg", SG_ID), hostEntry("mac-sg", ghost)] };
    deps.clockMs += 2_000;
    expect(await invoke(ghost)).toMatchObject({ code: "RUN_NOT_ALLOWED" });
    deps.nodes = { nodes: [hostEntry("mac-sg", SG_ID), hostEntry("mac-sg", ghost, { connected: false })] };
    deps.clockMs += 2_000;
    expect(await invoke(SG_ID)).toBe(null);
    expect(await invoke(ghost)).toMatchObject({ code: "RUN_NOT_ALLOWED" });
  });

  test("without the list of nodes nothing is let through on a guess", async () => {
    const { deps, invoke } = arranged();
    deps.nodes = new Error("draining");
    await expect(invoke(SG_ID)).rejects.toMatchObject({ code: "INVENTORY_UNAVAILABLE" });
  });

  test("an agent whose config is broken runs nowhere", async () => {
    const rules = [{ name: "x", agents: ["worker-sg"], require: "(" }];
    const { invoke } = arranged({ config: { ...CONFIG, rules } });
    expect(await invoke(SG_ID)).toMatchObject({ code: "RUN_NOT_ALLOWED" });
  });
});

describe("runs that pass", () => {
  test.each([
    ["an operator's own", {}, { argv: ["id"] }],
    ["one without parameters", {}, null],
    ["an unrouted agent's", {}, paramsOf("master")],
    ["in shadow mode", { config: { ...CONFIG, mode: "shadow" } }, paramsOf("worker-sg")],
    ["before there is a config", { config: null }, paramsOf("worker-sg")],
  ] as [string, FakeOptions, unknown][])("%s", async (_case, options, params) => {
    const { deps, invoke } = arranged(options);
    expect(await invoke(CN_ID, params)).toBe(null);
    expect(deps.listCalls).toBe(0);
  });

  test("an agent that only the session key names is no operator", async () => {
    const { invoke } = arranged();
    const sessionKey = "agent:worker-sg:cron:1:run:2";
    expect(await invoke(CN_ID, { sessionKey })).toMatchObject({ code: "RUN_NOT_ALLOWED" });
    expect(await invoke(CN_ID, { sessionKey, agentId: "" })).toMatchObject({ code: "RUN_NOT_ALLOWED" });
    expect(await invoke(SG_ID, { sessionKey })).toBe(null);
  });
});

test("no command text reaches the log", async () => {
  const { deps, invoke } = arranged();
  await invoke(CN_ID);
  expect(JSON.stringify(deps.lines)).not.toContain("s3cret");
});

describe("a node that was cordoned meanwhile", () => {
  const cordon = (deps: FakeDeps) => setCordon(deps, { node: "mac-sg" }, "cli");

  test("still gets the command whose call is under way: it was decided before, and a drain waits for it", async () => {
    const { deps, place, invoke } = arranged();
    await place();
    await cordon(deps);
    expect(await invoke(SG_ID)).toBe(null);
  });

  test("gets none whose call has ended, e.g. by a late approval, and does once it is uncordoned", async () => {
    const { deps, place, end, invoke } = arranged();
    await place();
    await end();
    expect(await invoke(SG_ID)).toBe(null);
    await cordon(deps);
    expect(await invoke(SG_ID)).toMatchObject({
      code: "RUN_NOT_ALLOWED",
      fact: `a command of agent "worker-sg" was sent to node ${SG_ID}, which was cordoned`,
    });
    await uncordon(deps, { node: "mac-sg" });
    expect(await invoke(SG_ID)).toBe(null);
  });
});
