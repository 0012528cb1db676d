// Decides where one call runs, and records why while deciding. Pure: the same arguments, the same decision.
import { gatewayObjection } from "./filters/residency.ts";
import { EJECTED } from "./filters/room.ts";
import { createJudge, type Judge, NO_PRESSURE, withoutOthers } from "./judge.ts";
import type { Candidate, PlacementDecision, PlacementRequest } from "./model/decision.ts";
import type { Rule } from "./model/rule.ts";
import type { NodeSnapshot, NodeState } from "./model/snapshot.ts";
import { createRanking } from "./ranking.ts";
import { chainOf, firstRule } from "./ruleIndex.ts";
import { candidatesOf, survey } from "./survey.ts";

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
 * Plain loops over the nodes: a snapshot lives a second, so an index of it costs more than it saves.
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
  const { fitting, filtered } = survey(snapshot.nodes, judge);
  const isEjected = held?.fits === true ? judge(held.node).objection !== null : fitting.length === 0;
  if (isEjected && filtered.some(({ reason }) => reason === EJECTED)) {
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
    filtered,
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
