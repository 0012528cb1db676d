// Runs without our hooks are noticed, told, and mended as far as the host lets us.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { HOSTED_RUNS } from "../../../src/nodeRouter/hostedSessions/turnGate.ts";
import {
  type AgentEvent,
  HANDOVER_MS,
  MAX_REVIVALS,
  missedExec,
  watchLiveness,
} from "../../../src/nodeRouter/liveness/hookWatch.ts";
import { HOOKS_SEEN, LIVENESS_GRACE_MS, NOT_LIVE } from "../../../src/nodeRouter/liveness/liveness.ts";
import { COUNTERS } from "../../../src/nodeRouter/state/counters.ts";
import type { Memory } from "../../../src/shared/processMemory.ts";
import { refusalText } from "../../../src/shared/refusal.ts";
import { CONFIG, fakeDeps } from "../../support/fakeDeps.ts";
import { hostedSession, recordsOf } from "../hostedSessions/arrange.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const EXEC: AgentEvent = {
  runId: "run",
  stream: "tool",
  agentId: "worker-sg",
  data: { phase: "result", name: "exec" },
};

/** A service that has just started in a host that registered no hooks. */
function arranged(config: unknown = CONFIG, agents: readonly string[] = ["worker-sg", "worker-cn"]) {
  const deps = fakeDeps({ config });
  const { memory, log, lines } = deps;
  let known = agents;
  memory.part(HOOKS_SEEN).fullRegisteredAtMs = Date.now();
  const health: (string | null)[] = [];
  const revive = vi.fn(async () => {});
  let listener: (event: AgentEvent) => void = () => {};
  const off = vi.fn();
  const hosted = recordsOf();
  const watch = () =>
    watchLiveness({
      hosted,
      memory,
      log,
      now: Date.now,
      agents: () => known,
      reportFailure: (error) => void health.push(error.message),
      clearFailure: () => void health.push(null),
      revive,
      onAgentEvent: (on) => {
        listener = on;
        return off;
      },
    });
  const setAgents = (next: readonly string[]) => {
    known = next;
  };
  const emit = (event: AgentEvent) => listener(event);
  return { memory, deps, lines, health, revive, off, hosted, watch, emit, setAgents };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const become = (memory: Memory) => {
  memory.part(HOOKS_SEEN).hooksRegisteredAtMs = Date.now();
};

describe("after a start without hooks", () => {
  test("nothing is alarmed in the time of grace; after it health says so and the hooks are revived, once", async () => {
    const { health, revive, watch, lines } = arranged();
    watch();
    await pass(LIVENESS_GRACE_MS - 1);
    expect(health).toEqual([null]);
    expect(revive).not.toHaveBeenCalled();
    await pass(1);
    expect(health).toEqual([null, refusalText(NOT_LIVE)]);
    expect(lines).toEqual([
      {
        level: "error",
        text: "HOOKS_NOT_LIVE: agents run without these hooks; registering the plugin anew {}",
      },
    ]);
    await pass(600_000);
    expect(revive).toHaveBeenCalledTimes(1);
  });

  test("a process that stood still gives the host its time afterwards; hooks that never come are missed all the same", () => {
    const { revive, watch } = arranged();
    const due: (() => void)[] = [];
    vi.stubGlobal("setTimeout", (act: () => void) => {
      due.push(act);
      return { unref: () => null };
    });
    const goOn = (): void => {
      for (const act of due.splice(0)) act();
    };
    watch();
    vi.setSystemTime(Date.now() + 4 * LIVENESS_GRACE_MS);
    goOn();
    expect(revive).not.toHaveBeenCalled();
    for (let turn = 0; turn < 20; turn++) goOn();
    expect(revive).toHaveBeenCalledTimes(1);
  });

  test("a missed exec is proof, so the time of grace is not waited out", async () => {
    const { revive, watch, emit } = arranged();
    watch();
    await pass(100);
    expect(revive).not.toHaveBeenCalled();
    emit(EXEC);
    expect(revive).toHaveBeenCalledTimes(1);
    await pass(600_000);
    expect(revive).toHaveBeenCalledTimes(1);
  });

  test("hooks that come within the time of grace are enough", async () => {
    const { memory, health, revive, watch } = arranged();
    watch();
    await pass(LIVENESS_GRACE_MS - 1);
    become(memory);
    await pass(600_000);
    expect(revive).not.toHaveBeenCalled();
    expect(health).toEqual([null]);
  });

  test("health is cleared when the hooks come to life, without an event", async () => {
    const { memory, health, watch } = arranged();
    watch();
    await pass(LIVENESS_GRACE_MS);
    become(memory);
    await pass(10_000);
    expect(health).toEqual([null, refusalText(NOT_LIVE), null]);
  });

  test("a host that refuses is told in the log, and asked again only when an agent's exec was missed", async () => {
    const { revive, watch, lines, emit } = arranged();
    revive.mockRejectedValue(new Error("draining\n  stack"));
    watch();
    await pass(600_000);
    expect(revive).toHaveBeenCalledTimes(1);
    expect(lines.at(-1)?.text).toBe(
      'HOOKS_NOT_LIVE: run "openclaw plugins reload node-router" {"reason":"draining"}',
    );
    emit(EXEC);
    await pass(0);
    expect(revive).toHaveBeenCalledTimes(2);
  });

  test("many missed execs at once ask once", async () => {
    const { revive, watch, emit, memory } = arranged();
    watch();
    await pass(LIVENESS_GRACE_MS - 1);
    vi.setSystemTime(Date.now() + 10);
    for (let n = 0; n < 5; n++) emit(EXEC);
    await pass(1_000);
    expect(revive).toHaveBeenCalledTimes(1);
    expect(memory.part(COUNTERS).missed).toBe(5);
    expect([...memory.part(HOOKS_SEEN).missedAgents]).toEqual(["worker-sg"]);
  });

  test("a host that never registers the hooks is not made to reload for ever", async () => {
    const { memory, revive, watch } = arranged();
    for (let reload = 0; reload < 10; reload++) {
      memory.part(HOOKS_SEEN).fullRegisteredAtMs = Date.now();
      const stop = watch();
      await pass(60_000);
      stop();
    }
    expect(revive).toHaveBeenCalledTimes(MAX_REVIVALS);
    become(memory);
    watch()();
    memory.part(HOOKS_SEEN).hooksRegisteredAtMs = null;
    watch();
    await pass(LIVENESS_GRACE_MS);
    expect(revive).toHaveBeenCalledTimes(MAX_REVIVALS + 1);
  });

  test("after a revival a miss is no proof, and the host gets twice the time, then four times", async () => {
    const { memory, revive, watch, emit } = arranged();
    watch();
    emit(EXEC);
    expect(revive).toHaveBeenCalledTimes(1);
    for (const [revivals, patience] of [
      [1, 2 * LIVENESS_GRACE_MS],
      [2, 4 * LIVENESS_GRACE_MS],
    ] as const) {
      memory.part(HOOKS_SEEN).fullRegisteredAtMs = Date.now(); // the host has registered it anew
      watch();
      emit(EXEC); // of a run that began before
      await pass(patience - 1);
      expect(revive).toHaveBeenCalledTimes(revivals);
      await pass(1);
      expect(revive).toHaveBeenCalledTimes(revivals + 1);
    }
  });

  test("hooks that a busy host registers late after a revival are not asked for again", async () => {
    const { memory, revive, watch } = arranged();
    watch()();
    memory.part(HOOKS_SEEN).revivals = 1;
    memory.part(HOOKS_SEEN).fullRegisteredAtMs = Date.now();
    watch();
    await pass(2 * LIVENESS_GRACE_MS - 1);
    become(memory);
    await pass(600_000);
    expect(revive).not.toHaveBeenCalled();
  });

  test.each([
    ["in shadow mode", { ...CONFIG, mode: "shadow" }],
    ["without rules", {}],
    ["without a config", null],
  ])("%s there is nothing to revive", async (_case, config) => {
    const { revive, health, watch, emit } = arranged(config);
    watch();
    await pass(60_000);
    emit(EXEC);
    await pass(0);
    expect(revive).not.toHaveBeenCalled();
    expect(health).toEqual([null]);
  });
});

describe("missedExec", () => {
  const { memory } = fakeDeps();
  const seen = fakeDeps().memory;
  seen.part(HOOKS_SEEN).evaluatedRuns.set("run", true);

  test("an exec of a routed agent that ended in a run where our policy was never asked is missed", () => {
    expect(missedExec(memory, EXEC)).toBe("worker-sg");
    const { agentId: _, ...byKey } = { ...EXEC, sessionKey: "agent:worker-cn:cron:1" };
    expect(missedExec(memory, byKey)).toBe("worker-cn");
  });

  test.each([
    ["of an unrouted agent", { agentId: "master" }],
    ["of nobody", { agentId: undefined }],
    ["that only begins", { data: { phase: "start", name: "exec" } }],
    ["of another tool", { data: { phase: "result", name: "read" } }],
    ["of another stream", { stream: "lifecycle" }],
  ])("an event %s is not", (_case, changes) => {
    const { agentId = undefined, ...event } = { ...EXEC, ...changes };
    expect(missedExec(memory, agentId === undefined ? event : { ...event, agentId })).toBe(null);
  });

  describe("an exec that the turn does not have", () => {
    const ended = (details: object, text = "Tool exec not found", isError = true): AgentEvent => {
      const result = { content: [{ type: "text", text }], details };
      return { ...EXEC, data: { ...EXEC.data, isError, result } };
    };

    test("is not missed: a turn that OpenClaw resumes after a restart has few tools", () => {
      expect(missedExec(memory, ended({}))).toBe(null);
    });

    test.each([
      ["whose command printed the same", ended({ status: "failed", exitCode: 1 })],
      ["that printed more", ended({}, "Tool exec not found\nran")],
      ["that did not fail", ended({}, "Tool exec not found", false)],
    ])("is not taken for one %s", (_case, event) => {
      expect(missedExec(memory, event)).toBe("worker-sg");
    });
  });

  test("an event of a run that the hooks have seen is not missed", () => {
    expect(missedExec(seen, EXEC)).toBe(null);
    expect(missedExec(seen, { ...EXEC, runId: "other" })).toBe("worker-sg");
  });
});

describe("an exec in a session that runs on another machine as a whole", () => {
  const key = "agent:worker-sg:one";

  test.each([
    ["by its run", { runId: "hosted-run" }],
    ["by its session", { sessionKey: key }],
  ])("known %s, is not taken for lost hooks: no reload can change that", async (_case, changes) => {
    const { memory, revive, watch, emit, hosted, health } = arranged();
    become(memory);
    memory.part(HOSTED_RUNS).set("hosted-run", null);
    hosted.now = [hostedSession({ sessionKey: key })];
    watch();
    emit({ ...EXEC, ...changes });
    await pass(60_000);
    expect(memory.part(COUNTERS).missed).toBe(0);
    expect(revive).not.toHaveBeenCalled();
    expect(health).toEqual([null]);
  });

  test("hides no other: a session that is local has lost its hooks, also while the records cannot be read", async () => {
    const { memory, watch, emit, hosted } = arranged();
    become(memory);
    watch();
    emit({ ...EXEC, sessionKey: key });
    hosted.now = "locked";
    emit({ ...EXEC, sessionKey: key });
    expect(memory.part(COUNTERS).missed).toBe(2);
  });
});

describe("the report and the end", () => {
  test("a missed exec is logged and in health at once, and health stays quiet while nothing changes", async () => {
    const { memory, health, lines, watch, emit } = arranged();
    become(memory);
    watch();
    emit(EXEC);
    await pass(60_000);
    expect(lines).toEqual([
      {
        level: "error",
        text: 'HOOKS_NOT_LIVE: an exec of a routed agent ran without these hooks {"agent":"worker-sg","tool":"exec","runId":"run"}',
      },
    ]);
    expect(health).toEqual([null, expect.stringMatching(/^HOOKS_NOT_LIVE: exec of "worker-sg" ran without/)]);
  });

  test("stopping leaves no timer and no listener", async () => {
    const { watch, off, revive } = arranged();
    const stop = watch();
    stop();
    expect(vi.getTimerCount()).toBe(0);
    expect(off).toHaveBeenCalledTimes(1);
    await pass(60_000);
    expect(revive).not.toHaveBeenCalled();
  });
});

describe("between a watch that asked for its replacement, and that one", () => {
  /** Stopped by the reload that it had asked for. */
  async function replaced() {
    const arrangement = arranged();
    const stop = arrangement.watch();
    await pass(LIVENESS_GRACE_MS);
    expect(arrangement.revive).toHaveBeenCalledTimes(1);
    stop();
    return arrangement;
  }
  const said = (lines: readonly { text: string }[]) =>
    lines.filter(({ text }) => text.includes("an exec of a routed agent ran without"));

  test("a missed exec is seen: it is logged and counted, once, and the stopped watch does no more", async () => {
    const { lines, memory, emit, health, revive, watch } = await replaced();
    const before = health.length;
    emit(EXEC);
    expect(said(lines)).toHaveLength(1);
    expect(memory.part(COUNTERS).missed).toBe(1);
    expect([...memory.part(HOOKS_SEEN).missedAgents]).toEqual(["worker-sg"]);
    expect(health).toHaveLength(before);
    expect(revive).toHaveBeenCalledTimes(1);
    watch();
    expect(health.at(-1)).toContain("HOOKS_NOT_LIVE");
  });

  test("the next watch ends the listening of the one before it", async () => {
    const { off, watch } = await replaced();
    expect(off).not.toHaveBeenCalled();
    watch();
    expect(off).toHaveBeenCalledTimes(1);
    await pass(HANDOVER_MS);
    expect(off).toHaveBeenCalledTimes(1);
  });

  test("where no next one comes, the listening ends by itself", async () => {
    const { off } = await replaced();
    await pass(HANDOVER_MS - 1);
    expect(off).not.toHaveBeenCalled();
    await pass(1);
    expect(off).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a rule that names nobody", () => {
  const stray = { ...CONFIG, rules: [{ name: "hk", agents: ["Worker-KH"], require: "region=sg" }] };
  const said =
    'AGENT_UNKNOWN: plugins.entries.node-router.config.rules[0].agents[0]: rule "hk": no agent has the id "Worker-KH"; did you mean "worker-hk"? Whoever is meant runs without that rule: mend the name, or take it out.';

  test("is said at start, once in the log and in health, and is gone when it is mended", async () => {
    const { memory, deps, health, lines, watch } = arranged(stray, ["worker-hk"]);
    become(memory);
    watch();
    await pass(600_000);
    expect(health).toEqual([said]);
    expect(lines).toEqual([{ level: "warn", text: `${said} {}` }]);
    deps.configure({ ...stray, rules: [{ ...stray.rules[0], agents: ["Worker-HK"] }] });
    await pass(5_000);
    expect(health).toEqual([said, null]);
    expect(lines).toHaveLength(1);
  });

  test("is said when the agent goes, and again when it goes again", async () => {
    const { memory, health, lines, watch, setAgents } = arranged(CONFIG);
    become(memory);
    watch();
    expect(health).toEqual([null]);
    for (const agents of [["worker-sg"], ["worker-sg", "worker-cn"], ["worker-sg"]]) {
      setAgents(agents);
      await pass(5_000);
    }
    expect(health).toEqual([null, expect.any(String), null, expect.any(String)]);
    expect(lines).toHaveLength(2);
  });

  test("may be a glob that waits for agents, beside one that has some", async () => {
    const rules = [{ name: "a", agents: ["worker-*", "zzz-*"], require: "region=sg" }];
    const { memory, health, lines, watch } = arranged({ ...CONFIG, rules });
    become(memory);
    watch();
    expect([health, lines]).toEqual([[null], []]);
  });
});
