// Decides where one call runs, and records why while deciding. Pure: the same arguments, the same decision.
import type { Transport } from "../../shared/types.ts";
import type { WayCheck } from "./filters/filter.ts";
import { FILTERS } from "./filters/registry.ts";
import { gatewayObjection } from "./filters/residency.ts";
import { EJECTED } from "./filters/room.ts";
import type { Candidate, PlacementDecision, PlacementRequest, Reason } from "./model/decision.ts";
import type { Rule } from "./model/rule.ts";
import type { NodePressure, NodeSnapshot, NodeState } from "./model/snapshot.ts";
import { transportsFor } from "./model/way.ts";
import { createRanking, type Ranking } from "./ranking.ts";
import { chainOf, firstRule } from "./ruleIndex.ts";

/**
 * Decides on which node one call runs, and over which protocol.
 *
 * The first rule that names the agent (and the tool, if it lists tools) decides; with none the call is left
 * alone. Of each node the ways that can carry the call meet the rule's filters in order; it fits when one way passes
 * all of them. Of the nodes left the one that ranks first wins (`ranking.ts`), unless `request.current` is about as
 * good. With no node left the call is refused, unless the rule says `onUnavailable: "gateway"`, and its residency lets
 * it, or names the rule that is asked next.
 *
 * While `request.held` fits by any of these rules, it is chosen. While it is away for something that passes, the rule
 * that means it has no other node.
 *
 * A plain loop over the nodes: a snapshot lives a second, so an index of it costs more than it saves.
 */
export function place(
  request: PlacementRequest,
  snapshot: NodeSnapshot,
  rules: readonly Rule[],
): PlacementDecision {
  const first = firstRule(rules, request.agent, request.tool);
  if (first === null) return unrouted(request);
  const chain = chainOf(rules, first);
  const held = request.held == null ? null : holderOf(request, snapshot, chain, request.held);
  const before: PlacementDecision[] = [];
  for (let at = held?.at ?? 0; ; at++) {
    const rule = chain[at] ?? first;
    const current = rule === first ? request.current : (request.currentUnder?.(rule.name) ?? null);
    const decision = placeBy(rule, { ...request, current }, snapshot, held?.at === at ? held : null);
    const isLast = at >= chain.length - 1;
    if (decision.node === null && !isLast) before.push(decision);
    else return before.length === 0 ? decision : { ...decision, before };
  }
}

/** The node with the files of earlier calls, and the rule by which it is judged. */
interface Holder {
  /** Place of the rule in its chain. */
  readonly at: number;
  readonly node: NodeState;
  /** Its verdict by that rule. */
  readonly fits: boolean;
  /** Of every other node too. */
  readonly judge: Judge;
}

/** By the first rule that it fits, else the first by which it may come back; null: none of them means it any more. */
function holderOf(
  request: PlacementRequest,
  { nodes, pressure }: NodeSnapshot,
  chain: readonly Rule[],
  name: string,
): Holder | null {
  const node = nodes.find((one) => one.name === name);
  if (node === undefined) return null;
  let away: Holder | null = null;
  for (const [at, rule] of chain.entries()) {
    const judge = createJudge(request, rule, pressure);
    const { objection } = judge(node);
    // Its files are nowhere else, so it is the last one for this call.
    if (objection === null || objection.reason === EJECTED) return { at, node, fits: true, judge };
    if (away === null && (objection.passing?.(node) ?? null) !== null)
      away = { at, node, fits: false, judge };
  }
  return away;
}

/** What one rule says of every node, whoever names it and whatever rule is next. */
export function placeByRule(
  rule: Rule,
  request: PlacementRequest,
  snapshot: NodeSnapshot,
): PlacementDecision {
  return placeBy(rule, request, snapshot, null);
}

/** One rule alone. @param held null: no node holds files by this rule. */
function placeBy(
  rule: Rule,
  request: PlacementRequest,
  snapshot: NodeSnapshot,
  held: Holder | null,
): PlacementDecision {
  const byRule = held?.judge ?? createJudge(request, rule, snapshot.pressure);
  const judge = held === null || held.fits ? byRule : withoutOthers(byRule, held.node);
  const removed = new Map<Reason, number>();
  const fitting: NodeState[] = [];
  for (const node of snapshot.nodes) {
    const objection = judge(node).objection;
    if (objection === null) fitting.push(node);
    else removed.set(objection.reason, (removed.get(objection.reason) ?? 0) + 1);
  }
  const isEjected = held?.fits === true ? judge(held.node).objection !== null : fitting.length === 0;
  if (isEjected && removed.has(EJECTED)) {
    const calm = withoutEjected(snapshot);
    const again = held === null ? null : { ...held, judge: createJudge(request, rule, calm.pressure) };
    return { ...placeBy(rule, request, calm, again), isLastResort: true };
  }

  const ranking = createRanking(rule, snapshot);
  const { chosen: node, first } =
    held?.fits === true ? { chosen: held.node, first: held.node } : ranking.choose(fitting, request.current);
  const residency =
    rule.residency === null ? null : { nowMs: snapshot.takenAtMs, gateway: gatewayObjection(rule, snapshot) };
  const mayUseGateway = rule.onUnavailable === "gateway" && (residency?.gateway ?? null) === null;
  let known: readonly Candidate[] | null = null;
  const candidates = () => {
    known ??= candidatesOf(snapshot, judge, ranking);
    return known;
  };
  const away =
    node === null && held !== null ? candidates().find((one) => one.node === held.node.name) : undefined;
  const waitMs = node === null ? waitOf(rule, candidates) : null;
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
    ...(away === undefined ? {} : { away }),
    ...(waitMs === null ? {} : { waitMs }),
    candidates,
  };
}

/** Null: the rule waits for nothing, or nothing that it misses passes by itself. */
function waitOf({ onUnavailable }: Rule, candidates: () => readonly Candidate[]): number | null {
  if (typeof onUnavailable !== "object" || !("waitMs" in onUnavailable)) return null;
  return candidates().some(({ passing }) => passing !== null) ? onUnavailable.waitMs : null;
}

const ELSEWHERE: WayCheck = {
  reason: {
    filter: "held",
    one: "did not hold the files of earlier calls",
    many: "did not hold the files of earlier calls",
    about: "node",
  },
  keeps: () => false,
};

/** While the node that holds the files is away, no other one is as good. */
function withoutOthers(judge: Judge, held: NodeState): Judge {
  const elsewhere: Verdict = { transport: null, objection: ELSEWHERE };
  const one = (node: NodeState): Verdict => {
    const verdict = judge(node);
    return verdict.objection === null && node !== held ? elsewhere : verdict;
  };
  return Object.assign(one, { checks: [...judge.checks, ELSEWHERE] });
}

/** Where nothing else is left, a node to which calls failed lately is better than none. */
function withoutEjected({ pressure = NO_PRESSURE, ...snapshot }: NodeSnapshot): NodeSnapshot {
  const full = [...pressure].flatMap(([name, one]) =>
    one.full ? [[name, { ...one, ejectedForMs: null }] as const] : [],
  );
  return { ...snapshot, pressure: new Map(full) };
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

const NO_PRESSURE: ReadonlyMap<string, NodePressure> = new Map();

function createJudge(request: PlacementRequest, rule: Rule, pressure = NO_PRESSURE): Judge {
  const checks = FILTERS.flatMap((filter) => filter({ request, rule, pressure }));
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
