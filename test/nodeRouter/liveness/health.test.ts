// What `openclaw health` says, worst first, and when hooks count as live.
import { describe, expect, test } from "vitest";
import { PLUGIN_CONFIG } from "../../../src/config/currentConfig.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { currentSnapshot } from "../../../src/nodeRouter/inventory/currentSnapshot.ts";
import { healthProblem, hostingHealth } from "../../../src/nodeRouter/liveness/health.ts";
import {
  HOOKS_SEEN,
  hookLiveness,
  LIVENESS_GRACE_MS,
  NOT_LIVE,
  noteRegistration,
} from "../../../src/nodeRouter/liveness/liveness.ts";
import { COUNTERS } from "../../../src/nodeRouter/state/counters.ts";
import { refusalText } from "../../../src/shared/refusal.ts";
import { CN_ID, CONFIG, fakeDeps, hostEntry, SG_ID, START_MS } from "../../support/fakeDeps.ts";
import { textOf } from "../../support/refused.ts";
import { recordsOf } from "../hostedSessions/arrange.ts";

/** A memory in which the hooks are live. */
function liveMemory(config: unknown = CONFIG) {
  const { memory } = fakeDeps({ config });
  memory.part(HOOKS_SEEN).fullRegisteredAtMs = START_MS;
  memory.part(HOOKS_SEEN).hooksRegisteredAtMs = START_MS;
  return memory;
}

const LATER = START_MS + LIVENESS_GRACE_MS;

describe("noteRegistration", () => {
  test("a service and hooks each have their time; any other registration has none", () => {
    const seen = fakeDeps().memory.part(HOOKS_SEEN);
    noteRegistration(seen, "full", 1);
    expect(seen).toMatchObject({ fullRegisteredAtMs: 1, hooksRegisteredAtMs: null });
    noteRegistration(seen, "discovery", 2);
    noteRegistration(seen, "tool-discovery", 3);
    expect(seen).toMatchObject({ fullRegisteredAtMs: 1, hooksRegisteredAtMs: 2 });
    noteRegistration(seen, "full", 4);
    expect(seen).toMatchObject({ fullRegisteredAtMs: 4, hooksRegisteredAtMs: 2 });
  });

  test("new hooks clear the agents that were seen without them, a new service does not", () => {
    const seen = fakeDeps().memory.part(HOOKS_SEEN);
    seen.missedAgents.add("worker-sg");
    noteRegistration(seen, "full", 1);
    expect([...seen.missedAgents]).toEqual(["worker-sg"]);
    noteRegistration(seen, "discovery", 2);
    expect([...seen.missedAgents]).toEqual([]);
  });
});

describe("hookLiveness", () => {
  const liveness = (full: number | null, hooks: number | null, now: number) =>
    hookLiveness({ fullRegisteredAtMs: full, hooksRegisteredAtMs: hooks }, now);

  test("hooks are live when they were registered with or after the services, and for good", () => {
    expect(liveness(10, 10, 10)).toBe("live");
    expect(liveness(10, 11, 1e9)).toBe("live");
    expect(liveness(null, 11, 1e9)).toBe("live");
  });

  test("hooks of before the services' last start do not count, once the time of grace is over", () => {
    expect(liveness(10, 9, 10 + LIVENESS_GRACE_MS - 1)).toBe("starting");
    expect(liveness(10, 9, 10 + LIVENESS_GRACE_MS)).toBe("not-live");
    expect(liveness(10, null, 10 + LIVENESS_GRACE_MS)).toBe("not-live");
    expect(liveness(null, null, 0)).toBe("not-live");
  });
});

describe("hostingHealth", () => {
  const unfit = { kind: "unfit", reason: "it has no executeTurn" } as const;
  const config = liveMemory().part(PLUGIN_CONFIG).current;

  test("speaks when nothing can hold back a hosted session of a routed agent", () => {
    expect(textOf(hostingHealth(config, unfit, recordsOf("locked")))).toMatch(
      /^HOSTED_ELSEWHERE: .*it has no executeTurn, and locked; set nodeHost.workerRuns.enabled: false/,
    );
  });

  test("is silent while something can, and where nothing is to be held back", () => {
    expect(textOf(hostingHealth(config, unfit, recordsOf([])))).toBeNull();
    expect(textOf(hostingHealth(config, { kind: "armed" }, recordsOf("locked")))).toBeNull();
    expect(textOf(hostingHealth(config, { kind: "waiting" }, recordsOf("locked")))).toBeNull();
    expect(
      textOf(hostingHealth(liveMemory({}).part(PLUGIN_CONFIG).current, unfit, recordsOf("locked"))),
    ).toBeNull();
    expect(textOf(hostingHealth(null, unfit, recordsOf("locked")))).toBeNull();
  });
});

describe("healthProblem", () => {
  test("is null when all is well, and before there is a config", () => {
    expect(textOf(healthProblem(liveMemory(), LATER))).toBe(null);
    expect(textOf(healthProblem(fakeDeps({ config: null }).memory, LATER))).toBe(null);
  });

  test("hooks that are not live come before everything else", () => {
    const memory = liveMemory();
    memory.part(HOOKS_SEEN).hooksRegisteredAtMs = null;
    memory.part(HOOKS_SEEN).missedAgents.add("worker-sg");
    expect(textOf(healthProblem(memory, LATER - 1))).not.toBe(refusalText(NOT_LIVE));
    expect(textOf(healthProblem(memory, LATER))).toBe(refusalText(NOT_LIVE));
  });

  test.each([
    ["in shadow mode", { ...CONFIG, mode: "shadow" }],
    ["without a rule", {}],
  ])("%s nobody is told that hooks are not live", (_case, config) => {
    const memory = liveMemory(config);
    memory.part(HOOKS_SEEN).hooksRegisteredAtMs = null;
    expect(textOf(healthProblem(memory, LATER))).toBe(null);
  });

  test("agents whose exec ran without hooks are named", () => {
    const memory = liveMemory();
    memory.part(HOOKS_SEEN).missedAgents.add("worker-sg").add("worker-cn");
    expect(textOf(healthProblem(memory, LATER))).toBe(
      'HOOKS_NOT_LIVE: exec of "worker-sg", "worker-cn" ran without node-router\'s hooks; run "openclaw plugins reload node-router", then "openclaw node-router guard".',
    );
  });

  test("commands on the wrong machine are counted", () => {
    const memory = liveMemory();
    memory.part(COUNTERS).mismatches = 2;
    expect(textOf(healthProblem(memory, LATER))).toBe(
      'NODE_MISMATCH: 2 command(s) ran on another machine than they were placed on; run "openclaw node-router doctor".',
    );
  });

  test("a config error is told like the agents read it", () => {
    const memory = liveMemory({ ...CONFIG, mdoe: "enforce" });
    expect(textOf(healthProblem(memory, LATER))).toMatch(
      /^CONFIG_INVALID: plugins\.entries\.node-router\.config\.mdoe: .* Mend it, the gateway reloads by itself\.$/,
    );
  });

  test("a rule that routes its agents to nothing is told, although it refuses nobody by itself", () => {
    const memory = liveMemory({
      ...CONFIG,
      rules: [{ name: "moon", agents: ["a"], require: "region=moon" }],
    });
    expect(textOf(healthProblem(memory, LATER))).toMatch(
      /^NO_NODE_FITS: plugins\.entries\.node-router\.config\.rules\[0\]\.require: .*; run "openclaw node-router doctor"\.$/,
    );
  });

  test("a rule that names no agent of the host comes after a config error, and before what only might be wrong", () => {
    const rules = [{ name: "moon", agents: ["a"], require: "region=moon" }];
    const stray = /^AGENT_UNKNOWN: .*rules\[0\]\.agents\[0\]: rule "moon": no agent has the id "a"; /;
    expect(textOf(healthProblem(liveMemory({ ...CONFIG, rules }), LATER, ["b"]))).toMatch(stray);
    expect(textOf(healthProblem(liveMemory({ ...CONFIG, rules }), LATER, ["a"]))).toMatch(/^NO_NODE_FITS: /);
    expect(textOf(healthProblem(liveMemory({ ...CONFIG, rules, x: 1 }), LATER, ["b"]))).toMatch(
      /^CONFIG_INVALID: /,
    );
  });

  test("a node of which it is not clear who it is is told with the way out", async () => {
    const deps = fakeDeps();
    deps.memory.part(HOOKS_SEEN).hooksRegisteredAtMs = START_MS;
    deps.nodes = { nodes: [hostEntry("mac-sg", SG_ID), hostEntry("Mac SG", CN_ID)] };
    await currentSnapshot(deps, deps.memory.part(PLUGIN_CONFIG).current ?? resolveConfig({}));
    expect(textOf(healthProblem(deps.memory, LATER))).toMatch(
      /^NO_NODE_FITS: 2 paired nodes answer to the name of node "mac-sg", .* "openclaw node-router trust mac-sg --paired <id>"/,
    );
  });
});
