// Ranks the nodes that fit, and leaves the node that an agent works on for a clearly better one only.
import { type Bitset, has, nextIn } from "./model/bitset.ts";
import type { Candidate } from "./model/decision.ts";
import type { NodeIndex } from "./model/nodeIndex.ts";
import type { Rule } from "./model/rule.ts";
import { capacityPenalties, capacityScores } from "./scores/capacity.ts";
import { isClearlyNearer, type Nearness, nearnessOf } from "./scores/near.ts";
import { createScoring, type Scoring } from "./scores/prefer.ts";

/** A node must have this much more of what is scarce to be worth a move: one that is merely busier is not. */
const FREER = 50;

/** Key of the distance among a candidate's scores: no selector reads like it. */
export const NEAR_SCORE = "near (ms)";

export interface Choice {
  /** Position; -1 when nothing fits. */
  readonly chosen: number;
  /** Position of the node that ranks first; another one than `chosen` when the current node was kept. */
  readonly first: number;
}

export interface Ranking {
  /** @param current position of the node that the calls ran on until now; -1: none. */
  choose(fitting: Bitset, current: number): Choice;
  /** One node's score and what made it. */
  of(position: number): Pick<Candidate, "score" | "scores">;
}

/**
 * The order: sum of the preferences, then nearness in steps, then what is free, then nearness to the last ms, then the
 * name. Every part is a number of the node alone, so no order of nodes gives another winner.
 *
 * The current node is kept while nothing is preferred to it, unless another one is clearly nearer, or no farther and
 * freer by 50. Each such move lowers the step, or raises what is free on the same step: with numbers that stand still
 * no sequence of moves comes back to where it began.
 */
export function createRanking(index: NodeIndex, rule: Rule): Ranking {
  const parts: Parts = {
    scoring: createScoring(index, rule.prefer),
    near: rule.near === null ? null : nearnessOf(index, rule.near),
    capacity: capacityScores(index),
  };
  return {
    choose(fitting, current) {
      const first = best(parts, fitting, () => true);
      const isKept = first !== current && current >= 0 && has(fitting, current);
      if (!isKept || sum(parts, current) < sum(parts, first)) return { chosen: first, first };
      const better = best(
        parts,
        fitting,
        (other) => sum(parts, other) === sum(parts, current) && isWorthMoving(parts, current, other),
      );
      return { chosen: better < 0 ? current : better, first };
    },
    of: (position) => ({ score: parts.scoring.score(position), scores: scoresOf(parts, index, position) }),
  };
}

interface Parts {
  readonly scoring: Scoring;
  readonly near: Nearness | null;
  readonly capacity: Float64Array;
}

function sum({ scoring }: Parts, position: number): number {
  return scoring.sum(position);
}

/** The first in the order of those that `counts`; -1 when none does. */
function best(parts: Parts, fitting: Bitset, counts: (position: number) => boolean): number {
  let winner = -1;
  let highest = Number.NEGATIVE_INFINITY;
  for (let position = nextIn(fitting, 0); position >= 0; position = nextIn(fitting, position + 1)) {
    if (!counts(position)) continue;
    const preferred = sum(parts, position);
    if (preferred < highest) continue;
    // Positions come in the order of names, so an equal that comes later does not win.
    if (preferred > highest || goesBefore(parts, position, winner)) {
      winner = position;
      highest = preferred;
    }
  }
  return winner;
}

/** Whether a node goes before another one that is preferred alike. */
function goesBefore({ near, capacity }: Parts, position: number, other: number): boolean {
  const step = at(near?.steps, position) - at(near?.steps, other);
  if (differs(step)) return step < 0;
  const free = at(capacity, position) - at(capacity, other);
  if (free !== 0) return free > 0;
  return at(near?.ms, position) < at(near?.ms, other);
}

function isWorthMoving({ near, capacity }: Parts, from: number, to: number): boolean {
  if (isClearlyNearer(at(near?.ms, to), at(near?.ms, from))) return true;
  return at(near?.steps, to) <= at(near?.steps, from) && at(capacity, to) >= at(capacity, from) + FREER;
}

/** Two unknown distances do not differ: Infinity less Infinity is no number. */
function differs(difference: number): boolean {
  return difference < 0 || difference > 0;
}

/** 0 for every node where the rule does not ask. */
function at(column: Float64Array | undefined, position: number): number {
  return column?.[position] ?? 0;
}

function scoresOf(
  { scoring, near }: Parts,
  index: NodeIndex,
  position: number,
): Readonly<Record<string, number>> {
  const scores = scoring.scores(position);
  const ms = near?.ms[position] ?? Number.POSITIVE_INFINITY;
  if (Number.isFinite(ms)) scores.set(NEAR_SCORE, Math.round(ms * 10) / 10);
  const node = index.nodes[position];
  for (const [resource, penalty] of Object.entries(node === undefined ? {} : capacityPenalties(node))) {
    // A preference may be written with the same word; brackets begin no selector.
    if (penalty !== 0) scores.set(scores.has(resource) ? `(${resource})` : resource, penalty);
  }
  return Object.fromEntries(scores);
}
