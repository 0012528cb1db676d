// How the hooks and the service stand in the host: in which order, and what its answers become.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { afterEach, describe, expect, test, vi } from "vitest";
import { registerHooks } from "../../src/hooks/register.ts";
import { EMBEDDED_RUNS } from "../../src/nodeRouter/host/harness.ts";
import { HOOKS_SEEN, LIVENESS_GRACE_MS } from "../../src/nodeRouter/liveness/liveness.ts";
import { registerLivenessService } from "../../src/nodeRouter/liveness/livenessService.ts";
import { CALLS } from "../../src/nodeRouter/state/calls.ts";
import { COUNTERS } from "../../src/nodeRouter/state/counters.ts";
import { CN_ID, contextOf, execEvent, fakeDeps, RUN, SG_ID } from "../support/fakeDeps.ts";

afterEach(() => void vi.useRealTimers());

interface NodeInvokePolicy {
  readonly commands: readonly string[];
  handle(invocation: object): Promise<unknown>;
}
interface Service {
  start(context: object): void;
  stop(): void;
}

/** Keeps what is registered, and a config file to change. */
function fakeHost(entry: object | null = { enabled: true }) {
  const hooks = new Map<
    string,
    { handler: (event: object, context: object) => unknown; priority: unknown }
  >();
  const kept: {
    policies: NodeInvokePolicy[];
    services: Service[];
    evaluate: unknown[];
    runtimes: unknown[];
  } = {
    policies: [],
    services: [],
    evaluate: [],
    runtimes: [],
  };
  const file = { plugins: { entries: { "node-router": entry ?? undefined } } };
  const listeners = { on: 0, off: 0 };
  const host = {
    on: (
      name: string,
      handler: (event: object, context: object) => unknown,
      options?: { priority?: number },
    ) => void hooks.set(name, { handler, priority: options?.priority }),
    registerTrustedToolPolicy: ({ evaluate }: { evaluate: unknown }) => void kept.evaluate.push(evaluate),
    registerNodeInvokePolicy: (policy: NodeInvokePolicy) => void kept.policies.push(policy),
    registerAgentToolResultMiddleware: (_handler: unknown, options: unknown) =>
      void kept.runtimes.push(options),
    registerService: (service: Service) => void kept.services.push(service),
    runtime: {
      events: {
        onAgentEvent: () => {
          listeners.on += 1;
          return () => void listeners.off++;
        },
      },
      config: {
        mutateConfigFile: async ({ mutate }: { mutate: (draft: object) => void }) => mutate(file),
      },
    },
  };
  // The host's own type has hundreds of members; these are the ones that are called.
  return { api: host as unknown as OpenClawPluginApi, hooks, kept, file, listeners };
}

describe("registerHooks", () => {
  test("our hooks are the last of their kind, so that no later plugin's parameters win", () => {
    const { api, hooks, kept } = fakeHost();
    registerHooks(api, fakeDeps());
    expect(hooks.get("before_tool_call")?.priority).toBe(Number.NEGATIVE_INFINITY);
    expect(hooks.get("resolve_exec_env")?.priority).toBe(Number.NEGATIVE_INFINITY);
    expect([...hooks.keys()].sort()).toEqual([
      "after_tool_call",
      "before_tool_call",
      "model_call_ended",
      "model_call_started",
      "resolve_exec_env",
    ]);
    expect(kept.evaluate).toHaveLength(1);
    expect(kept.runtimes).toEqual([{ runtimes: ["openclaw"] }]);
  });

  test("the prompt hook is registered only with the operator's grant: without it the host warns at every start", () => {
    const { api, hooks } = fakeHost();
    const grant = { allowConversationAccess: true };
    registerHooks(
      api,
      fakeDeps({ hostConfig: { plugins: { entries: { "node-router": { hooks: grant } } } } }),
    );
    expect(hooks.has("before_prompt_build")).toBe(true);
    hooks.clear();
    registerHooks(api, fakeDeps({ hostConfig: { plugins: { entries: { other: { hooks: grant } } } } }));
    expect(hooks.has("before_prompt_build")).toBe(false);
  });

  test.each(["model_call_started", "model_call_ended"])("%s alone makes a run OpenClaw's own", (name) => {
    const { api, hooks } = fakeHost();
    const deps = fakeDeps();
    registerHooks(api, deps);
    hooks.get(name)?.handler({ runId: "run-9" }, {});
    expect(deps.memory.part(EMBEDDED_RUNS).has("run-9")).toBe(true);
  });

  test("a run on a wrong node is answered without asking the node; on the right one the node answers", async () => {
    const { api, hooks, kept } = fakeHost();
    const deps = fakeDeps();
    registerHooks(api, deps);
    await hooks.get("before_tool_call")?.handler(execEvent(deps), contextOf("worker-sg"));
    const invokeNode = vi.fn(async () => "the node's answer");
    const invoke = (nodeId: string) =>
      kept.policies[0]?.handle({
        nodeId,
        command: "system.run",
        params: { agentId: "worker-sg", sessionKey: "agent:worker-sg:main" },
        invokeNode,
      });
    expect(await invoke(CN_ID)).toEqual({
      ok: false,
      code: "RUN_NOT_ALLOWED",
      message: expect.stringMatching(/^RUN_NOT_ALLOWED: .*; nothing ran\./),
    });
    expect(invokeNode).not.toHaveBeenCalled();
    expect(await invoke(SG_ID)).toBe("the node's answer");
    expect(deps.memory.part(CALLS).find(RUN, "call-1")?.nodeId).toBe(SG_ID);
  });
});

describe("registerLivenessService", () => {
  /** The file after the hooks were found missing. */
  async function revived(entry: object | null) {
    vi.useFakeTimers();
    const { api, kept, file } = fakeHost(entry);
    const deps = fakeDeps();
    deps.memory.part(HOOKS_SEEN).fullRegisteredAtMs = deps.clockMs;
    registerLivenessService(api, deps);
    kept.services[0]?.start({});
    deps.clockMs += LIVENESS_GRACE_MS;
    await vi.advanceTimersByTimeAsync(LIVENESS_GRACE_MS);
    kept.services[0]?.stop();
    return file.plugins.entries["node-router"];
  }

  test.each([
    ["writes the default mode out", { config: { nodes: {} } }, { config: { nodes: {}, mode: "enforce" } }],
    ["leaves it out again", { config: { nodes: {}, mode: "enforce" } }, { config: { nodes: {} } }],
    ["makes a config where there is none", { enabled: true }, { enabled: true, config: { mode: "enforce" } }],
    ["does not touch shadow mode", { config: { mode: "shadow" } }, { config: { mode: "shadow" } }],
    ["makes no entry where there is none", null, undefined],
  ])("to register anew it %s, which changes nothing else", async (_case, entry, expected) => {
    expect(await revived(entry)).toEqual(expected);
  });

  test("a second start ends the first watch, and a stop leaves nothing, also the second stop", () => {
    vi.useFakeTimers();
    const { api, kept, listeners } = fakeHost();
    registerLivenessService(api, fakeDeps());
    const [service] = kept.services;
    service?.start({});
    service?.start({});
    // Two each: whether hooks live, and which runs have ended.
    expect(listeners).toEqual({ on: 4, off: 2 });
    service?.stop();
    service?.stop();
    expect(listeners).toEqual({ on: 4, off: 4 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("health goes to the host's reporter, if it has one", () => {
    vi.useFakeTimers();
    const { api, kept } = fakeHost();
    const serviceHealth = { reportFailure: vi.fn(), clearFailure: vi.fn() };
    const deps = fakeDeps();
    deps.memory.part(COUNTERS).mismatches = 1;
    deps.memory.part(HOOKS_SEEN).hooksRegisteredAtMs = deps.clockMs;
    registerLivenessService(api, deps);
    kept.services[0]?.start({ serviceHealth });
    kept.services[0]?.stop();
    expect(serviceHealth.reportFailure).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ message: expect.stringMatching(/^NODE_MISMATCH: 1 command/) }),
    );
    expect(serviceHealth.clearFailure).not.toHaveBeenCalled();
  });
});
