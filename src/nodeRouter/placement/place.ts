// Decides where one call runs, and records why while deciding. Pure: the same arguments, the same decision.
import type { Transport } from "../../shared/types.ts";
import type { WayCheck } from "./filters/filter.ts";
import { FILTERS } from "./filters/registry.ts";
import { gatewayObjection } from "./filters/residency.ts";
import type { Candidate, PlacementDecision, PlacementRequest, Reason } from "./model/decision.ts";
import type { Rule } from "./model/rule.ts";
import type { NodeSnapshot, NodeState } from "./model/snapshot.ts";
import { transportsFor } from "./model/way.ts";
import { createRanking, type Ranking } from "./ranking.ts";
import { firstRule } from "./ruleIndex.ts";

/**
 * Decides on which node one call runs, and over which protocol.
 *
 * The first rule that names the agent (and the tool, if it lists tools) decides; with none the call is left
 * alone. Of each node the ways that can carry the call meet the rule's filters in order; it fits when one way passes
 * all of them. Of the nodes left the one that ranks first wins (`ranking.ts`), unless `request.current` is about as
 * good. With no node left the call is refused, unless the rule says `onUnavailable: "gateway"`, and its residency lets it.
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

  const judge = createJudge(request, rule);
  const removed = new Map<Reason, number>();
  const fitting: NodeState[] = [];
  for (const node of snapshot.nodes) {
    const objection = judge(node).objection;
    if (objection === null) fitting.push(node);
    else removed.set(objection.reason, (removed.get(objection.reason) ?? 0) + 1);
  }

  const ranking = createRanking(rule, snapshot);
  const { chosen: node, first } = ranking.choose(fitting, request.current);
  const residency =
    rule.residency === null ? null : { nowMs: snapshot.takenAtMs, gateway: gatewayObjection(rule, snapshot) };
  const mayUseGateway = rule.onUnavailable === "gateway" && (residency?.gateway ?? null) === null;
  let candidates: readonly Candidate[] | null = null;
  return {
    outcome: node !== null ? "placed" : mayUseGateway ? "unrouted" : "refused",
    request,
    rule: rule.name,
    node,
    transport: node === null ? null : judge(node).transport,
    keptInsteadOf: node === first ? null : (first?.name ?? null),
    total: snapshot.nodes.length,
    filtered: counted(judge.checks, removed),
    fitting: fitting.length,
    ...(residency === null ? {} : { residency }),
    candidates() {
      candidates ??= candidatesOf(snapshot, judge, ranking);
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

/** What is said of one node: the way that fits, or what removed the way that came furthest. */
interface Verdict {
  readonly transport: Transport | null;
  readonly objection: WayCheck | null;
}

interface Judge {
  (node: NodeState): Verdict;
  /** In filter order. */
  readonly checks: readonly WayCheck[];
}

function createJudge(request: PlacementRequest, rule: Rule): Judge {
  const checks = FILTERS.flatMap((filter) => filter({ request, rule }));
  const ways = transportsFor(request.needs).map((transport) => ({
    fits: { transport, objection: null },
    checks: checks.flatMap((check, at) =>
      check.over === undefined || check.over === transport
        ? [{ at, keeps: check.keeps, removes: { transport: null, objection: check } }]
        : [],
    ),
  }));
  const judge = (node: NodeState): Verdict => {
    let furthest = -1;
    let verdict: Verdict = { transport: null, objection: null };
    for (const way of ways) {
      const objection = way.checks.find(({ keeps }) => !keeps(node));
      if (objection === undefined) return way.fits;
      if (objection.at <= furthest) continue;
      furthest = objection.at;
      const part = objection.removes.objection.parts?.find(({ keeps }) => !keeps(node));
      verdict = part === undefined ? objection.removes : { transport: null, objection: part };
    }
    return verdict;
  };
  return Object.assign(judge, { checks: checks.flatMap((check) => check.parts ?? [check]) });
}

/** Most frequent first; equal counts in filter order, for the sort is stable. */
function counted(
  checks: readonly WayCheck[],
  removed: ReadonlyMap<Reason, number>,
): PlacementDecision["filtered"] {
  return [...new Set(checks.map(({ reason }) => reason))]
    .map((reason) => ({ reason, count: removed.get(reason) ?? 0 }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count);
}

/** In name order, by code units: the same on every machine, which locale order is not. */
function candidatesOf(
  { nodes, takenAtMs }: NodeSnapshot,
  judge: Judge,
  ranking: Ranking,
): readonly Candidate[] {
  return nodes
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map((node) => {
      const { transport, objection } = judge(node);
      if (objection === null) {
        return { node: node.name, fits: true, transport, reason: null, passing: null, ...ranking.of(node) };
      }
      const { reason, passing, detail, over = null } = objection;
      return {
        node: node.name,
        fits: false,
        transport: over,
        reason,
        ...(detail === undefined ? {} : { detail: detail(node, takenAtMs) }),
        passing: passing?.(node) ?? null,
        score: null,
        scores: {},
      };
    });
}
