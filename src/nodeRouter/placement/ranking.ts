// Ranks the nodes that fit, and leaves the node that an agent works on for a clearly better one only.

import type { Candidate } from "./model/decision.ts";
import type { Rule } from "./model/rule.ts";
import type { NodeSnapshot, NodeState } from "./model/snapshot.ts";
import { capacityPenalties, capacityScore } from "./scores/capacity.ts";
import { type Distance, distanceTo, isClearlyNearer, stepOf } from "./scores/near.ts";
import { preferenceScore, preferenceScores, preferenceSum } from "./scores/prefer.ts";
import { AVOIDED_SCORE, avoidedTaints } from "./scores/preferNoSchedule.ts";

/** A node must have this much more of what is scarce to be worth a move: one that is merely busier is not. */
const FREER = 50;

/** Key of the distance among a candidate's scores: no selector reads like it. */
export const NEAR_SCORE = "near (ms)";

export interface RankedChoice {
  /** Null when nothing fits. */
  readonly chosen: NodeState | null;
  /** The node that ranks first; another one than `chosen` when the current node was kept. */
  readonly first: NodeState | null;
}

export interface Ranking {
  /**
   * @param fitting the nodes to choose from, in any order.
   * @param current name of the node that the calls ran on until now; null: none.
   */
  choose(fitting: readonly NodeState[], current: string | null): RankedChoice;
  /** One node's score and what made it. */
  of(node: NodeState): Pick<Candidate, "score" | "scores">;
}

/** One node's numbers. Every part is the node's alone, so no order of nodes gives another winner. */
interface Standing {
  readonly node: NodeState;
  /** Taints with `PreferNoSchedule` that the rule minds. */
  readonly avoided: number;
  readonly preferred: number;
  /** 0 for every node where the rule does not ask. */
  readonly ms: number;
  readonly step: number;
  readonly capacity: number;
}

/**
 * The order: fewest taints with `PreferNoSchedule`, then sum of the preferences, then nearness in steps, then what is free, then nearness to the last ms, then the
 * name in code-unit order, which is the same on every machine.
 *
 * The current node is kept while nothing is preferred to it, unless another one is clearly nearer, or no farther and
 * freer by 50. Each such move lowers the step, or raises what is free on the same step: with numbers that stand still
 * no sequence of moves comes back to where it began.
 */
export function createRanking(rule: Rule, snapshot: NodeSnapshot): Ranking {
  const distance = rule.near === null ? null : distanceTo(rule.near, snapshot);
  return {
    choose(fitting, current) {
      const all = fitting.map((node) => standing(node, rule, distance));
      const first = best(all, () => true);
      const kept = current === null ? undefined : all.find(({ node }) => node.name === current);
      if (first === null || kept === undefined || first === kept) return ended(first, first);
      if (kept.avoided !== first.avoided || kept.preferred < first.preferred) return ended(first, first);
      const better = best(
        all,
        (other) =>
          other.avoided === kept.avoided && other.preferred === kept.preferred && isWorthMoving(kept, other),
      );
      return ended(better ?? kept, first);
    },
    of: (node) => ({
      score: preferenceScore(rule.prefer, node.tags),
      scores: scoresOf(node, rule, distance),
    }),
  };
}

function ended(chosen: Standing | null, first: Standing | null): RankedChoice {
  return { chosen: chosen?.node ?? null, first: first?.node ?? null };
}

function standing(node: NodeState, rule: Rule, distance: Distance | null): Standing {
  const ms = distance === null ? 0 : distance(node);
  return {
    node,
    avoided: avoidedTaints(node, rule),
    preferred: preferenceSum(rule.prefer, node.tags),
    ms,
    step: distance === null ? 0 : stepOf(ms),
    capacity: capacityScore(node),
  };
}

/** The first in the order of those that `counts`; null when none does. */
function best(all: readonly Standing[], counts: (standing: Standing) => boolean): Standing | null {
  let winner: Standing | null = null;
  for (const next of all) if (counts(next) && (winner === null || goesBefore(next, winner))) winner = next;
  return winner;
}

function goesBefore(a: Standing, b: Standing): boolean {
  if (a.avoided !== b.avoided) return a.avoided < b.avoided;
  if (a.preferred !== b.preferred) return a.preferred > b.preferred;
  if (a.step !== b.step) return a.step < b.step;
  if (a.capacity !== b.capacity) return a.capacity > b.capacity;
  if (a.ms !== b.ms) return a.ms < b.ms;
  return a.node.name < b.node.name;
}

function isWorthMoving(from: Standing, to: Standing): boolean {
  if (isClearlyNearer(to.ms, from.ms)) return true;
  return to.step <= from.step && to.capacity >= from.capacity + FREER;
}

function scoresOf(node: NodeState, rule: Rule, distance: Distance | null): Readonly<Record<string, number>> {
  const scores = preferenceScores(rule.prefer, node.tags);
  const avoided = avoidedTaints(node, rule);
  if (avoided !== 0) scores.set(AVOIDED_SCORE, -avoided);
  const ms = distance === null ? Number.POSITIVE_INFINITY : distance(node);
  if (Number.isFinite(ms)) scores.set(NEAR_SCORE, Math.round(ms * 10) / 10);
  for (const [resource, penalty] of Object.entries(capacityPenalties(node))) {
    // A preference may be written with the same word; brackets begin no selector.
    if (penalty !== 0) scores.set(scores.has(resource) ? `(${resource})` : resource, penalty);
  }
  return Object.fromEntries(scores);
}
