// All nodes by one judge: those that fit, what removed how many of the others, and each of them for whoever asks why. Pure.
import type { WayCheck } from "./filters/filter.ts";
import { type Judge, removal, type Verdict } from "./judge.ts";
import type { Candidate, PlacementDecision, Reason } from "./model/decision.ts";
import type { NodeSnapshot, NodeState } from "./model/snapshot.ts";
import type { Ranking } from "./ranking.ts";

/**
 * The nodes that fit, in any order, and what removed the others. Where one way is all there is, one question is put to
 * all nodes before the next: 10,000 nodes are in no cache, and a short loop has the next ones fetched meanwhile.
 */
export function survey(
  nodes: readonly NodeState[],
  judge: Judge,
): Pick<PlacementDecision, "filtered"> & { readonly fitting: readonly NodeState[] } {
  const removed = judge.checks.map(() => 0);
  const count = ({ at }: Verdict): void => {
    removed[at] = (removed[at] ?? 0) + 1;
  };
  if (judge.onlyWay === null) {
    const fitting = nodes.filter((node) => {
      const verdict = judge(node);
      if (verdict.objection !== null) count(verdict);
      return verdict.objection === null;
    });
    return { fitting, filtered: counted(judge.checks, removed) };
  }
  const fitting = [...nodes];
  for (const asked of judge.onlyWay) {
    let kept = 0;
    for (const node of fitting) {
      if (asked.keeps(node)) fitting[kept++] = node;
      else count(removal(node, asked));
    }
    fitting.length = kept;
  }
  return { fitting, filtered: counted(judge.checks, removed) };
}

/** Most frequent first; equal counts in filter order, for the sort is stable. */
function counted(checks: readonly WayCheck[], removed: readonly number[]): PlacementDecision["filtered"] {
  const counts = new Map<Reason, number>();
  for (const [at, count] of removed.entries()) {
    const reason = checks[at]?.reason;
    if (reason !== undefined && count > 0) counts.set(reason, (counts.get(reason) ?? 0) + count);
  }
  return [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
}

/** In name order, by code units: the same on every machine, which locale order is not. */
export function candidatesOf(
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
