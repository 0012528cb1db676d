// Decides where one call runs, and records why while deciding. Pure: the same arguments, the same decision.

import { FILTERS } from "./filters/registry.ts";
import { type Bitset, count, countWithout, has, intersect, without } from "./model/bitset.ts";
import type { Candidate, PlacementDecision, PlacementRequest, Reason } from "./model/decision.ts";
import { nodeIndexOf } from "./model/nodeIndex.ts";
import type { Rule } from "./model/rule.ts";
import type { NodeSnapshot, NodeState } from "./model/snapshot.ts";
import { transportFor } from "./model/transportFor.ts";
import { createRanking, type Ranking } from "./ranking.ts";
import { firstRule } from "./ruleIndex.ts";

/** What one check took out. */
interface Removal {
  readonly reason: Reason;
  readonly count: number;
  readonly nodes: Bitset;
}

/**
 * Decides on which node one call runs.
 *
 * The first rule that names the agent (and the tool, if it lists tools) decides; with none the call is left
 * alone. The rule's filters run in order, and of the nodes left the one that ranks first wins (`ranking.ts`), unless
 * `request.current` is about as good. With no node left the call is refused, unless the rule says
 * `onUnavailable: "gateway"`.
 *
 * What is worked out from a snapshot or a list of rules is kept by identity: never change one after use.
 */
export function place(
  request: PlacementRequest,
  snapshot: NodeSnapshot,
  rules: readonly Rule[],
): PlacementDecision {
  const rule = firstRule(rules, request.agent, request.tool);
  if (rule === null) return unrouted(request);

  const index = nodeIndexOf(snapshot);
  const fitting = index.all.slice();
  const removals: Removal[] = [];
  for (const filter of FILTERS) {
    for (const { reason, keeps } of filter({ index, request, rule })) {
      const removed = countWithout(fitting, keeps);
      if (removed === 0) continue;
      removals.push({ reason, count: removed, nodes: without(fitting, keeps) });
      intersect(fitting, keeps);
    }
  }

  const ranking = createRanking(index, rule);
  const { chosen, first } = ranking.choose(
    fitting,
    request.current === null ? -1 : index.find(request.current),
  );
  const node = index.nodes[chosen] ?? null;
  let candidates: readonly Candidate[] | null = null;
  return {
    outcome: node !== null ? "placed" : rule.onUnavailable === "gateway" ? "unrouted" : "refused",
    request,
    rule: rule.name,
    node,
    transport: node === null ? null : transportFor(request.binding),
    keptInsteadOf: chosen === first ? null : (index.nodes[first]?.name ?? null),
    total: index.nodes.length,
    // The sort is stable: equal counts stay in filter order.
    filtered: removals.map(({ reason, count }) => ({ reason, count })).sort((a, b) => b.count - a.count),
    fitting: count(fitting),
    candidates() {
      candidates ??= candidatesOf(index.nodes, removals, ranking);
      return candidates;
    },
  };
}

/** No rule speaks: no node is looked at. */
function unrouted(request: PlacementRequest): PlacementDecision {
  return {
    outcome: "unrouted",
    request,
    rule: null,
    node: null,
    transport: null,
    keptInsteadOf: null,
    total: 0,
    filtered: [],
    fitting: 0,
    candidates: () => [],
  };
}

function candidatesOf(
  nodes: readonly NodeState[],
  removals: readonly Removal[],
  ranking: Ranking,
): readonly Candidate[] {
  return nodes.map(({ name }, position) => {
    const reason = removals.find((removal) => has(removal.nodes, position))?.reason ?? null;
    return reason === null
      ? { node: name, fits: true, reason, ...ranking.of(position) }
      : { node: name, fits: false, reason, score: null, scores: {} };
  });
}
