// What holds of every ranking: no circles, no flapping, and nothing unknown read as something known.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Rule } from "../../../src/nodeRouter/placement/model/rule.ts";
import { type NodeState, UNKNOWN_CAPACITY } from "../../../src/nodeRouter/placement/model/snapshot.ts";
import { place } from "../../../src/nodeRouter/placement/place.ts";
import { isClearlyNearer, stepOf } from "../../../src/nodeRouter/placement/scores/near.ts";
import { makeNode } from "../../support/makeNode.ts";
import { nodesArbitrary, requestArbitrary, ruleArbitrary } from "./arbitraries.ts";
import { makeRequest, makeRule, snapshotOf } from "./arrange.ts";

const everybody = ruleArbitrary.map((rule): Rule => ({ ...rule, agents: ["*"], tools: null }));

test("moving on from the node that was chosen comes to rest at once: no circle of moves", () => {
  fc.assert(
    fc.property(nodesArbitrary, everybody, requestArbitrary, (nodes, rule, request) => {
      const snapshot = snapshotOf(...nodes);
      const next = (current: string | null) =>
        place({ ...request, current }, snapshot, [rule]).node?.name ?? null;
      const visited: (string | null)[] = [];
      for (let current = next(request.current); visited.at(-1) !== current; current = next(current)) {
        expect(visited).not.toContain(current);
        visited.push(current);
      }
    }),
    { numRuns: 300 },
  );
});

test("the node that an unburdened call is placed on is where it stays", () => {
  fc.assert(
    fc.property(nodesArbitrary, everybody, requestArbitrary, (nodes, rule, request) => {
      const snapshot = snapshotOf(...nodes);
      const first = place({ ...request, current: null }, snapshot, [rule]);
      const again = place({ ...request, current: first.node?.name ?? null }, snapshot, [rule]);
      expect([again.node?.name, again.keptInsteadOf]).toEqual([first.node?.name, null]);
    }),
  );
});

test("what is called kept is the current node or better than it, and never what a filter removed", () => {
  fc.assert(
    fc.property(nodesArbitrary, everybody, requestArbitrary, (nodes, rule, request) => {
      const decision = place(request, snapshotOf(...nodes), [rule]);
      const chosen = decision.candidates().find(({ node }) => node === decision.node?.name);
      expect(chosen?.fits ?? true).toBe(true);
      if (decision.keptInsteadOf !== null) expect(decision.keptInsteadOf).not.toBe(decision.node?.name);
      expect(place({ ...request, current: null }, snapshotOf(...nodes), [rule]).node?.name).toBe(
        decision.keptInsteadOf ?? decision.node?.name,
      );
    }),
  );
});

test("a round trip that is clearly shorter is on a lower step, and no longer one is", () => {
  const ms = fc.double({ min: 0, max: 2_000, noNaN: true });
  fc.assert(
    fc.property(ms, ms, (a, b) => {
      if (isClearlyNearer(a, b)) expect(stepOf(a)).toBeLessThan(stepOf(b));
      if (a <= b) expect(stepOf(a)).toBeLessThanOrEqual(stepOf(b));
    }),
    { numRuns: 2_000 },
  );
});

test("a minimum never lets a node through of which it is not known", () => {
  fc.assert(
    fc.property(nodesArbitrary, everybody, requestArbitrary, (nodes, rule, request) => {
      const { minimum } = rule;
      for (const { node: name, fits } of place(request, snapshotOf(...nodes), [rule]).candidates()) {
        const capacity = nodes.find((node) => node.name === name)?.capacity ?? UNKNOWN_CAPACITY;
        if (!fits) continue;
        if (minimum?.idleCpus != null) expect(capacity.idleCpus).not.toBe(null);
        if (minimum?.freeMemoryGiB != null) expect(capacity.freeMemoryBytes).not.toBe(null);
        if (minimum?.freeDiskGiB != null) expect(capacity.freeDiskBytes).not.toBe(null);
      }
    }),
  );
});

test("raising a minimum never adds a candidate", () => {
  fc.assert(
    fc.property(
      nodesArbitrary,
      everybody,
      requestArbitrary,
      fc.constantFrom(0.5, 1, 7),
      (nodes, rule, request, more) => {
        const fitting = (minimum: Rule["minimum"]) =>
          place(request, snapshotOf(...nodes), [{ ...rule, minimum }])
            .candidates()
            .flatMap(({ node, fits }) => (fits ? [node] : []));
        const raised = {
          idleCpus: (rule.minimum?.idleCpus ?? 0) + more,
          freeMemoryGiB: (rule.minimum?.freeMemoryGiB ?? 0) + more,
          freeDiskGiB: (rule.minimum?.freeDiskGiB ?? 0) + more,
        };
        expect(fitting(rule.minimum)).toEqual(expect.arrayContaining(fitting(raised)));
      },
    ),
  );
});

/** 2,000 calls of one agent, each placed with what was measured just before it. */
function moves(measure: (call: number, name: string) => Partial<NodeState>): number {
  const rules = [makeRule({ near: { kind: "gateway" } })];
  let current: string | null = null;
  let moved = 0;
  for (let call = 0; call < 2_000; call++) {
    const nodes = ["a", "b", "c"].map((name) => makeNode({ name, ...measure(call, name) }));
    const chosen: string | null =
      place(makeRequest({ current }), snapshotOf(...nodes), rules).node?.name ?? null;
    if (current !== null && chosen !== current) moved++;
    current = chosen;
  }
  return moved;
}

/** The same noise on every run: a linear congruential generator (Numerical Recipes). */
function noiseFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test("noise moves nobody: round trips that jitter by less than 5 ms, loads around a limit", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const noise = noiseFrom(seed);
      const jitter = () => ({
        rttMs: 20 + 4.9 * noise(),
        capacity: { ...UNKNOWN_CAPACITY, loadPerCpu: 0.8 + noise() },
      });
      expect(moves(jitter)).toBe(0);
    }),
    { numRuns: 10 },
  );
});

test("round trips of 80 ms that jitter by 15 % move nobody either", () => {
  const noise = noiseFrom(7);
  expect(moves(() => ({ rttMs: 80 * (0.9 + 0.2 * noise()) }))).toBe(0);
});

test("a real change moves once: there when it is nearer, and not back while it stays so", () => {
  const noise = noiseFrom(3);
  const improving = (call: number, name: string) => ({
    rttMs: (name === "c" && call >= 1_000 ? 20 : 80) + 3 * noise(),
  });
  expect(moves(improving)).toBe(1);
});

test("a node that comes and goes moves the agent away once, and not back each time", () => {
  const flapping = (call: number, name: string) => ({ rttMs: 20, online: name !== "a" || call % 10 >= 5 });
  expect(moves(flapping)).toBeLessThanOrEqual(1);
});
