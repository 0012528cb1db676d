// Which state a node is in.
import { describe, expect, test } from "vitest";
import { ANSWER_HOLDS_MS, presenceStateOf } from "../../src/presence/freshness.ts";
import type { Fact, FactName, FactValues, Reach } from "../../src/presence/record.ts";

const NOW = 10_000_000;
const reach = (state: Reach["state"], over: Partial<Reach> = {}): Reach => ({
  state,
  lastAnswerMs: state === "up" || state === "failing" ? NOW - 1_000 : null,
  failures: 0,
  rttMs: null,
  reason: state === "up" ? null : `it is ${state}`,
  ...over,
});
const fact = <K extends FactName>(value: FactValues[K], stale = false): Fact<FactValues[K]> => ({
  value,
  source: "tailscale",
  atMs: NOW,
  stale,
});
const state = (
  node: Reach | null,
  ssh: Reach | null,
  facts: Parameters<typeof presenceStateOf>[0]["facts"] = {},
) => presenceStateOf({ reach: { node, ssh }, facts, nowMs: NOW });

describe("state", () => {
  test.each([
    ["ready", reach("up"), null],
    ["ready", reach("up"), reach("up")],
    ["degraded", reach("up"), reach("down")],
    ["degraded", reach("down"), reach("up")],
    ["degraded", reach("up"), reach("unknown")],
    ["degraded", reach("failing"), null],
    ["degraded", reach("failing"), reach("down")],
    ["offline", reach("down"), null],
    ["offline", reach("down"), reach("down")],
    ["unknown", reach("down"), reach("unknown")],
    ["unknown", reach("unknown"), null],
    ["unknown", reach("unknown"), reach("unknown")],
    ["unknown", null, null],
  ] as const)("is %s for node %o and ssh %o", (expected, node, ssh) => {
    expect(state(node, ssh).state).toBe(expected);
  });

  test("an answer holds for a while, and is stale after it, never offline", () => {
    const at = (ageMs: number) => state(reach("up", { lastAnswerMs: NOW - ageMs }), null).state;
    expect(at(ANSWER_HOLDS_MS)).toBe("ready");
    expect(at(ANSWER_HOLDS_MS + 1)).toBe("stale");
  });

  test("an answer from the future, after the clock was set back, is not stale for it", () => {
    expect(state(reach("up", { lastAnswerMs: NOW + 1e9 }), null).state).toBe("ready");
  });

  test("the tailnet's no alone makes a node offline of which nothing else is known", () => {
    expect(state(reach("unknown"), null, { tailnetOnline: fact<"tailnetOnline">(false) }).state).toBe(
      "offline",
    );
  });

  test("a node that answers is ready, although the tailnet calls it offline", () => {
    expect(state(reach("up"), null, { tailnetOnline: fact<"tailnetOnline">(false) }).state).toBe("ready");
  });

  test("an old word of the tailnet is no word", () => {
    expect(state(reach("unknown"), null, { tailnetOnline: fact<"tailnetOnline">(false, true) }).state).toBe(
      "unknown",
    );
  });

  test("the tailnet's yes does not make a silent node reachable, and is told", () => {
    const told = state(reach("down"), null, { tailnetOnline: fact<"tailnetOnline">(true) });
    expect(told).toEqual({
      state: "offline",
      reason: "over the node protocol: it is down; the tailnet still hears from it",
    });
  });

  test("a machine without any transport is never ready", () => {
    expect(state(null, null, { tailnetOnline: fact<"tailnetOnline">(true) }).state).toBe("degraded");
    expect(state(null, null, { tailnetOnline: fact<"tailnetOnline">(false) }).state).toBe("offline");
  });

  test("a node whose commands wait for approval answers, and is degraded", () => {
    const told = state(reach("up"), null, { approval: fact<"approval">("pending-approval") });
    expect(told).toEqual({ state: "degraded", reason: "its commands are not approved" });
    expect(state(reach("up"), null, { approval: fact<"approval">("pending-reapproval") }).state).toBe(
      "ready",
    );
  });

  test("the reason of a degraded node is what is wrong, not what is right", () => {
    expect(state(reach("up"), reach("down")).reason).toBe("over SSH: it is down");
  });
});
