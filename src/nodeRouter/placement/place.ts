// Decides where one call runs, and records why while deciding. Pure: the same arguments, the same decision.

import type { Check } from "./filters/filter.ts";
import { FILTERS } from "./filters/registry.ts";
import type { Candidate, PlacementDecision, PlacementRequest } from "./model/decision.ts";
import type { Rule } from "./model/rule.ts";
import type { NodeSnapshot, NodeState } from "./model/snapshot.ts";
import { transportFor } from "./model/transportFor.ts";
import { createRanking, type Ranking } from "./ranking.ts";
import { firstRule } from "./ruleIndex.ts";

/**
 * Decides on which node one call runs.
 *
 * The first rule that names the agent (and the tool, if it lists tools) decides; with none the call is left
 * alone. The rule's filters run in order, and of the nodes left the one that ranks first wins (`ranking.ts`), unless
 * `request.current` is about as good. With no node left the call is refused, unless the rule says
 * `onUnavailable: "gateway"`.
 *
 * A plain loop over the nodes: a snapshot lives a second, so an index of it costs more than it saves.
 */
export function place(
  request: PlacementRequest,
  snapshot: NodeSnapshot,
  rules: readonly Rule[],
): PlacementDecision {
  const rule = firstRule(rules, request.agent, request.tool);
  if (rule === null) return unrouted(request);

  const checks = FILTERS.flatMap((filter) => filter({ request, rule }));
  const removed = new Array<number>(checks.length).fill(0);
  const fitting: NodeState[] = [];
  for (const node of snapshot.nodes) {
    const at = firstObjection(checks, node);
    if (at < 0) fitting.push(node);
    else removed[at] = (removed[at] ?? 0) + 1;
  }

  const ranking = createRanking(rule, snapshot);
  const { chosen: node, first } = ranking.choose(fitting, request.current);
  let candidates: readonly Candidate[] | null = null;
  return {
    outcome: node !== null ? "placed" : rule.onUnavailable === "gateway" ? "unrouted" : "refused",
    request,
    rule: rule.name,
    node,
    transport: node === null ? null : transportFor(request.binding),
    keptInsteadOf: node === first ? null : (first?.name ?? null),
    total: snapshot.nodes.length,
    // The sort is stable: equal counts stay in filter order.
    filtered: checks
      .map(({ reason }, at) => ({ reason, count: removed[at] ?? 0 }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count),
    fitting: fitting.length,
    candidates() {
      candidates ??= candidatesOf(snapshot.nodes, checks, ranking);
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

/** Position of the first check that removes the node; -1: it fits. */
function firstObjection(checks: readonly Check[], node: NodeState): number {
  return checks.findIndex(({ keeps }) => !keeps(node));
}

/** In name order, by code units: the same on every machine, which locale order is not. */
function candidatesOf(
  nodes: readonly NodeState[],
  checks: readonly Check[],
  ranking: Ranking,
): readonly Candidate[] {
  return nodes
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map((node) => {
      const reason = checks[firstObjection(checks, node)]?.reason ?? null;
      return reason === null
        ? { node: node.name, fits: true, reason, ...ranking.of(node) }
        : { node: node.name, fits: false, reason, score: null, scores: {} };
    });
}
