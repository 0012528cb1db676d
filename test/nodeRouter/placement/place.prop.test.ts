// What holds for every placement.
import fc from "fast-check";
import { expect, test } from "vitest";
import { matchesGlob } from "../../../src/nodeRouter/placement/agentGlob.ts";
import type { PlacementRequest } from "../../../src/nodeRouter/placement/decision.ts";
import { place } from "../../../src/nodeRouter/placement/place.ts";
import type { Rule } from "../../../src/nodeRouter/placement/rule.ts";
import { matches, printSelector } from "../../../src/nodeRouter/placement/selector.ts";
import type { NodeState } from "../../../src/nodeRouter/placement/snapshot.ts";
import { nodesArbitrary, requestArbitrary, requirementArbitrary, ruleArbitrary } from "./arbitraries.ts";
import { recordOf, selectorOf, snapshotOf } from "./arrange.ts";

const rulesArbitrary = fc.array(ruleArbitrary, { maxLength: 5 });

test("the order of the nodes changes neither the winner nor the record", () => {
  const shuffled = nodesArbitrary.chain((nodes) =>
    fc.tuple(fc.constant(nodes), fc.shuffledSubarray(nodes, { minLength: nodes.length })),
  );
  fc.assert(
    fc.property(shuffled, rulesArbitrary, requestArbitrary, ([nodes, others], rules, request) => {
      const decision = place(request, snapshotOf(...nodes), rules);
      expect(recordOf(place(request, snapshotOf(...others), rules))).toEqual(recordOf(decision));
    }),
  );
});

test("the same inputs give the same decision, whatever was decided in between", () => {
  fc.assert(
    fc.property(
      nodesArbitrary,
      rulesArbitrary,
      requestArbitrary,
      requestArbitrary,
      (nodes, rules, request, other) => {
        const snapshot = snapshotOf(...nodes);
        const before = recordOf(place(request, snapshot, rules));
        place(other, snapshot, rules).candidates();
        expect(recordOf(place(request, snapshot, rules))).toEqual(before);
        // Equal values with no memory of the first call: nothing depends on identity.
        expect(
          recordOf(place(structuredClone(request), snapshotOf(...nodes), structuredClone(rules))),
        ).toEqual(before);
      },
    ),
  );
});

test("adding a requirement never adds a candidate", () => {
  fc.assert(
    fc.property(
      nodesArbitrary,
      ruleArbitrary,
      requestArbitrary,
      requirementArbitrary,
      (nodes, rule, request, more) => {
        const requirements = [...(rule.require?.requirements ?? []), more];
        const stricter = { ...rule, require: selectorOf(printSelector({ text: "", requirements })) };
        const fitting = (one: Rule) =>
          place(request, snapshotOf(...nodes), [one])
            .candidates()
            .filter(({ fits }) => fits)
            .map(({ node }) => node);
        const before = new Set(fitting(rule));
        for (const node of fitting(stricter)) expect(before.has(node)).toBe(true);
      },
    ),
  );
});

test("counts of removed nodes and fitting nodes add up to all nodes, and agree with the candidates", () => {
  fc.assert(
    fc.property(nodesArbitrary, ruleArbitrary, requestArbitrary, (nodes, rule, request) => {
      const decision = place(request, snapshotOf(...nodes), [{ ...rule, agents: ["*"], tools: null }]);
      const removed = decision.filtered.reduce((sum, { count }) => sum + count, 0);
      expect(removed + decision.fitting).toBe(nodes.length);
      expect(decision.total).toBe(nodes.length);
      const candidates = decision.candidates();
      expect(candidates.filter(({ fits }) => fits)).toHaveLength(decision.fitting);
      for (const { reason, count } of decision.filtered) {
        expect(candidates.filter((candidate) => candidate.reason === reason)).toHaveLength(count);
      }
    }),
  );
});

test("every score lies in -100..100 and no other fitting node has a higher one", () => {
  fc.assert(
    fc.property(nodesArbitrary, ruleArbitrary, requestArbitrary, (nodes, rule, request) => {
      const decision = place(request, snapshotOf(...nodes), [{ ...rule, agents: ["*"], tools: null }]);
      const scores = decision.candidates().flatMap(({ score }) => score ?? []);
      for (const score of scores) expect(Math.abs(score)).toBeLessThanOrEqual(100);
      const winner = decision.candidates().find(({ node }) => node === decision.node?.name);
      if (scores.length > 0) expect(winner?.score).toBe(Math.max(...scores));
    }),
  );
});

test("a decision agrees with the plain reading of the rules, node by node", () => {
  fc.assert(
    fc.property(nodesArbitrary, rulesArbitrary, requestArbitrary, (nodes, rules, request) => {
      const decision = place(request, snapshotOf(...nodes), rules);
      const expected = plainReading(request, nodes, rules);
      expect({ rule: decision.rule, node: decision.node?.name ?? null, outcome: decision.outcome }).toEqual(
        expected,
      );
    }),
    { numRuns: 300 },
  );
});

/** A second implementation: scans everything, remembers nothing. */
function plainReading(request: PlacementRequest, nodes: readonly NodeState[], rules: readonly Rule[]) {
  const rule = rules.find(
    ({ agents, tools }) =>
      agents.some((pattern) => matchesGlob(pattern, request.agent)) &&
      (tools?.includes(request.tool) ?? true),
  );
  if (rule === undefined) return { rule: null, node: null, outcome: "unrouted" };
  const overNode = (node: NodeState) =>
    node.nodeId !== null &&
    node.approval === "approved" &&
    node.online === true &&
    node.transport !== "ssh" &&
    request.commands.every((command) => node.commands.has(command));
  const overSsh = (node: NodeState) => node.ssh && node.transport !== "node";
  const score = (node: NodeState) =>
    rule.prefer.reduce((sum, { selector, weight }) => sum + (matches(selector, node.tags) ? weight : 0), 0);
  const [winner] = nodes
    .filter((node) => rule.require === null || matches(rule.require, node.tags))
    .filter(request.binding === "exec" ? overNode : overSsh)
    .sort((a, b) => score(b) - score(a) || (a.name < b.name ? -1 : 1));
  const without = rule.onUnavailable === "gateway" ? "unrouted" : "refused";
  return { rule: rule.name, node: winner?.name ?? null, outcome: winner === undefined ? without : "placed" };
}
