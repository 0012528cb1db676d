// How the gateway's end stands in the host: whose calls pass, and which service makes them.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { NODE_CALLS } from "../../../../../src/nodeRouter/transports/node/gateway/nodeCalls.ts";
import { registerNodeTransport } from "../../../../../src/nodeRouter/transports/node/gateway/register.ts";
import { WORKSPACE_COMMAND } from "../../../../../src/nodeRouter/transports/node/wire.ts";
import { NODE_TRANSPORT } from "../../../../../src/nodeRouter/transports/nodeTransport.ts";
import { fakeDeps } from "../../../../support/fakeDeps.ts";

interface Policy {
  readonly commands: readonly string[];
  readonly defaultPlatforms: readonly string[];
  handle(invocation: object): Promise<unknown>;
}
interface Service {
  readonly id: string;
  start(context: object): Promise<void>;
  stop(): void;
}

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "node-router-nodes-"));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

/** Several registrations of one process. */
function process() {
  const deps = fakeDeps();
  const register = () => {
    const kept: { policies: Policy[]; services: Service[] } = { policies: [], services: [] };
    const api = {
      registerNodeInvokePolicy: (policy: Policy) => void kept.policies.push(policy),
      registerService: (service: Service) => void kept.services.push(service),
      runtime: { state: { resolveStateDir: () => folder } },
    };
    // No more of the host's API is touched.
    registerNodeTransport(api as unknown as OpenClawPluginApi, { ...deps, onOrphan: () => {} });
    const [policy] = kept.policies;
    const [service] = kept.services;
    if (policy === undefined || service === undefined) throw new Error("nothing was registered");
    return { policy, service };
  };
  return { deps, register };
}

describe("the policy", () => {
  const call = (params: unknown) => {
    const sent: unknown[] = [];
    return {
      sent,
      invocation: {
        nodeId: "5a5a",
        command: WORKSPACE_COMMAND,
        params,
        invokeNode: async (override: unknown) => {
          sent.push(override);
          return { ok: true };
        },
      },
    };
  };

  test("is of our command alone, which desktop nodes then offer without a word in the config", () => {
    const { policy } = process().register();
    expect(policy.commands).toEqual([WORKSPACE_COMMAND]);
    expect(policy.defaultPlatforms).toEqual(["linux", "macos", "windows"]);
  });

  test("lets our call pass, without its mark, also where another copy of the plugin made it", async () => {
    const { deps, register } = process();
    register();
    const { policy } = register();
    const { nonce } = deps.memory.part(NODE_CALLS);
    const { sent, invocation } = call({ op: "hello", nonce });
    expect(await policy.handle(invocation)).toEqual({ ok: true });
    expect(sent).toEqual([{ params: { op: "hello" } }]);
  });

  test.each([
    ["an agent's", { op: "run", script: "id" }],
    ["one with a guessed mark", { op: "run", nonce: "00000000-0000-4000-8000-000000000000" }],
    ["one with an empty mark", { op: "run", nonce: "" }],
    ["one without params", undefined],
    ["one whose params are a list", ["nonce"]],
  ])("refuses %s, sends nothing, and the log has it", async (_, params) => {
    const { deps, register } = process();
    const { policy } = register();
    const { sent, invocation } = call(params);
    expect(await policy.handle(invocation)).toEqual({
      ok: false,
      code: "RUN_NOT_ALLOWED",
      message:
        'RUN_NOT_ALLOWED: node-router.workspace.v1 was to be sent to node "5a5a" by something else than node-router; nothing ran. Use exec and the file tools of an agent whose workspace is there; they decide, ask and record first.',
    });
    expect(sent).toEqual([]);
    expect(deps.lines.at(-1)).toMatchObject({ level: "warn" });
    expect(deps.lines.at(-1)?.text).not.toContain(deps.memory.part(NODE_CALLS).nonce);
  });

  test("knows the calls of its own process alone", () => {
    const [one, other] = [process(), process()].map(({ deps }) => deps.memory.part(NODE_CALLS).nonce);
    expect(one).not.toBe(other);
  });
});

describe("the service", () => {
  test("makes the calls while it runs; the transport outlives it, and the next one's calls serve that", async () => {
    const { deps, register } = process();
    const { memory } = deps;
    const calls = memory.part(NODE_CALLS);
    const first = register();
    expect(memory.part(NODE_TRANSPORT).current).toBe(null);
    await first.service.start({ invokeNode: async () => "first" });
    const transport = memory.part(NODE_TRANSPORT).current;
    expect(transport).not.toBe(null);
    const invoked = async () => {
      const invoke = await calls.wait(0);
      return invoke?.({ nodeId: "5a5a", command: WORKSPACE_COMMAND, params: {}, timeoutMs: 1 });
    };
    expect(await invoked()).toBe("first");
    // The host starts the next one before or after it stops the last one.
    const second = register();
    await second.service.start({ invokeNode: async () => "second" });
    first.service.stop();
    expect(await invoked()).toBe("second");
    expect(memory.part(NODE_TRANSPORT).current).toBe(transport);
    second.service.stop();
    expect(await calls.wait(0)).toBe(null);
  });

  test("opens nothing where the host offers no calls", async () => {
    const { deps, register } = process();
    const { service } = register();
    await service.start({});
    expect(deps.memory.part(NODE_TRANSPORT).current).toBe(null);
    service.stop();
  });
});
