// What holds for every placement.
import fc from "fast-check";
import { expect, test } from "vitest";
import { PLUGIN_COMMAND } from "../../../src/nodeRouter/placement/filters/plugin.ts";
import type { Candidate, PlacementRequest } from "../../../src/nodeRouter/placement/model/decision.ts";
import { NO_RESIDENCE, type Residence } from "../../../src/nodeRouter/placement/model/residence.ts";
import type { Rule } from "../../../src/nodeRouter/placement/model/rule.ts";
import type {
  NodeCapacity,
  NodeSnapshot,
  NodeState,
} from "../../../src/nodeRouter/placement/model/snapshot.ts";
import type { Taint } from "../../../src/nodeRouter/placement/model/taint.ts";
import { place } from "../../../src/nodeRouter/placement/place.ts";
import { AVOIDED_SCORE } from "../../../src/nodeRouter/placement/scores/preferNoSchedule.ts";
import { matchesGlob } from "../../../src/nodeRouter/placement/selector/agentGlob.ts";
import { matches, printSelector } from "../../../src/nodeRouter/placement/selector/selector.ts";
import { distanceKm, estimatedRttMs, pointOf } from "../../../src/shared/distance.ts";
import type { NodeLocation } from "../../../src/shared/types.ts";
import { nodesArbitrary, requestArbitrary, requirementArbitrary, ruleArbitrary } from "./arbitraries.ts";
import { recordOf, selectorOf } from "./arrange.ts";

const GATEWAY: NodeLocation = { latitude: 39.9, longitude: 116.4, source: "declared" };

const GATEWAY_RESIDENCE: Residence = {
  ...NO_RESIDENCE,
  country: "CN",
  by: { words: "declared", atMs: null },
};

function snapshotOf(...nodes: readonly NodeState[]): NodeSnapshot {
  return { nodes, takenAtMs: 1_000, gatewayLocation: GATEWAY, gatewayResidence: GATEWAY_RESIDENCE };
}

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

test("every score lies in -100..100 and no other fitting node has a higher one, whatever was kept", () => {
  fc.assert(
    fc.property(nodesArbitrary, ruleArbitrary, requestArbitrary, (nodes, rule, request) => {
      const decision = place(request, snapshotOf(...nodes), [{ ...rule, agents: ["*"], tools: null }]);
      const all = decision.candidates();
      for (const { score } of all) expect(Math.abs(score ?? 0)).toBeLessThanOrEqual(100);
      const winner = all.find(({ node }) => node === decision.node?.name);
      const avoided = ({ scores }: Candidate) => scores[AVOIDED_SCORE] ?? 0;
      const alike = all.filter((one) => winner !== undefined && avoided(one) === avoided(winner));
      const scores = alike.flatMap(({ score }) => score ?? []);
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
  const overSsh = (node: NodeState) => node.ssh && node.transport !== "node" && node.sshReachable !== false;
  const hasWay = (node: NodeState) => {
    if (request.binding === "exec") return overNode(node);
    const isSsh = node.transport === "ssh" || (node.transport === "auto" && node.ssh);
    if (isSsh) return overSsh(node);
    return overNode(node) && node.commands.has(PLUGIN_COMMAND) && node.tags.get("node.os") !== "windows";
  };
  const sum = (node: NodeState) =>
    rule.prefer.reduce(
      (total, { selector, weight }) => total + (matches(selector, node.tags) ? weight : 0),
      0,
    );
  const fitting = nodes
    .filter((node) => rule.require === null || matches(rule.require, node.tags))
    .filter(({ residence }) => resides(rule.residency, residence))
    .filter(({ name, taints }) =>
      minded(rule, taints).every(
        ({ effect }) =>
          effect === "PreferNoSchedule" || (effect === "NoSchedule" && name === request.settled),
      ),
    )
    .filter(hasWay)
    .filter(({ capacity }) => hasMinimum(rule.minimum, capacity))
    .map((node) => ({
      node,
      avoided: minded(rule, node.taints).filter(({ effect }) => effect === "PreferNoSchedule").length,
      sum: sum(node),
      ms: msTo(rule.near, node, nodes),
      free: freeness(node.capacity),
    }))
    .sort(
      (a, b) =>
        a.avoided - b.avoided ||
        b.sum - a.sum ||
        compare(step(a.ms), step(b.ms)) ||
        b.free - a.free ||
        compare(a.ms, b.ms) ||
        (a.node.name < b.node.name ? -1 : 1),
    );
  const [first] = fitting;
  const mayUseGateway = rule.onUnavailable === "gateway" && resides(rule.residency, GATEWAY_RESIDENCE);
  const without = mayUseGateway ? "unrouted" : "refused";
  if (first === undefined) return { rule: rule.name, node: null, outcome: without };
  const current = fitting.find(({ node }) => node.name === request.current);
  const isKeepable = current !== undefined && current.avoided === first.avoided && current.sum === first.sum;
  const better = isKeepable
    ? fitting.find(
        (other) =>
          other.avoided === current.avoided &&
          other.sum === current.sum &&
          ((other.ms < current.ms - 5 && other.ms < current.ms * 0.8) ||
            (step(other.ms) <= step(current.ms) && other.free >= current.free + 50)),
      )
    : first;
  return { rule: rule.name, node: (better ?? current ?? first).node.name, outcome: "placed" };
}

function resides(residency: Rule["residency"], { country, disputes, egress }: Residence): boolean {
  if (residency === null) return true;
  if (country === null || !residency.allow.has(country) || disputes.length > 0) return false;
  return !residency.egress || egress !== null;
}

function minded({ tolerate }: Rule, taints: readonly Taint[]): readonly Taint[] {
  const fits = (asked: string | null, has: string) => asked === null || asked === has;
  return taints.filter(
    (taint) =>
      !tolerate.some(
        ({ key, value, effect }) =>
          fits(key, taint.key) && fits(value, taint.value) && fits(effect, taint.effect),
      ),
  );
}

function hasMinimum(minimum: Rule["minimum"], capacity: NodeCapacity): boolean {
  const enough = (wanted: number | null | undefined, free: number | null) =>
    wanted == null || (free !== null && free >= wanted);
  const gib = (bytes: number | null) => (bytes === null ? null : bytes / 1024 ** 3);
  return (
    enough(minimum?.idleCpus, capacity.idleCpus) &&
    enough(minimum?.freeMemoryGiB, gib(capacity.freeMemoryBytes)) &&
    enough(minimum?.freeDiskGiB, gib(capacity.freeDiskBytes))
  );
}

function msTo(near: Rule["near"], node: NodeState, nodes: readonly NodeState[]): number {
  if (near === null) return 0;
  if (near.kind === "gateway" && node.rttMs !== null) return node.rttMs;
  if (near.kind === "node" && near.name === node.name) return 0;
  const location =
    near.kind === "point"
      ? near
      : near.kind === "gateway"
        ? GATEWAY
        : nodes.find(({ name }) => name === near.name)?.location;
  const from = location == null ? null : pointOf(location);
  const to = node.location === null ? null : pointOf(node.location);
  return from === null || to === null ? Number.POSITIVE_INFINITY : estimatedRttMs(distanceKm(from, to));
}

function step(ms: number): number {
  if (ms < 25 || ms === Number.POSITIVE_INFINITY) return Math.floor(ms / 5);
  return 5 + Math.floor(Math.log(ms / 25) / Math.log(1.2));
}

function freeness({ loadPerCpu, freeMemoryShare, freeDiskShare }: NodeCapacity): number {
  const [load, memory, disk] = [loadPerCpu ?? 0, freeMemoryShare ?? 1, freeDiskShare ?? 1];
  if (load > 4 || memory < 0.05 || disk < 0.05) return -100;
  if (load > 2 || memory < 0.1 || disk < 0.1) return -50;
  return load > 1 || memory < 0.2 ? -25 : 0;
}

function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
