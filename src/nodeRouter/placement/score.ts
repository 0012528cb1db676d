// Ranks the nodes that fit by a rule's preferences. Source of the arithmetic: Nomad's affinities.
import { type Bitset, has, nextIn } from "./bitset.ts";
import type { Candidate } from "./decision.ts";
import type { NodeIndex } from "./nodeIndex.ts";
import type { Preference } from "./rule.ts";

/** A preference with the nodes that match it. */
interface Wish {
  readonly text: string;
  readonly weight: number;
  readonly matching: Bitset;
}

export interface Scoring {
  /** Position of the node in `fitting` with the highest score; the first in name order among equals; -1 when none. */
  best(fitting: Bitset): number;
  /** One node's score and what each preference gave it. */
  of(position: number): Pick<Candidate, "score" | "scores">;
}

/** Prepares the preferences of one rule. */
export function createScoring(index: NodeIndex, prefer: readonly Preference[]): Scoring {
  const wishes = prefer.map(
    ({ selector, weight }): Wish => ({ text: selector.text, weight, matching: index.matching(selector) }),
  );
  const largest = wishes.reduce((sum, wish) => sum + Math.abs(wish.weight), 0);
  return {
    best: (fitting) => (wishes.length === 0 ? nextIn(fitting, 0) : highest(wishes, fitting)),
    of: (position) => ({
      score: wishes.length === 0 ? null : normalize(sumOf(wishes, position), largest),
      scores: scoresOf(wishes, position),
    }),
  };
}

function highest(wishes: readonly Wish[], fitting: Bitset): number {
  let winner = -1;
  let highestSum = Number.NEGATIVE_INFINITY;
  for (let position = nextIn(fitting, 0); position >= 0; position = nextIn(fitting, position + 1)) {
    const sum = sumOf(wishes, position);
    if (sum > highestSum) {
      winner = position;
      highestSum = sum;
    }
  }
  return winner;
}

function sumOf(wishes: readonly Wish[], position: number): number {
  let sum = 0;
  for (const { weight, matching } of wishes) {
    if (has(matching, position)) sum += weight;
  }
  return sum;
}

/**
 * Nomad: sum of the matching weights over the sum of all absolute weights, here times 100, so -100..100.
 * Two decimals are kept, for people; ranking compares the sums themselves. Weights of zero only give zero.
 */
function normalize(sum: number, largest: number): number {
  return largest === 0 ? 0 : Math.round((sum / largest) * 10_000) / 100;
}

/** Preferences written with the same text share one entry, and their weights add up. */
function scoresOf(wishes: readonly Wish[], position: number): Readonly<Record<string, number>> {
  const scores = new Map<string, number>();
  for (const { text, weight, matching } of wishes) {
    scores.set(text, (scores.get(text) ?? 0) + (has(matching, position) ? weight : 0));
  }
  return Object.fromEntries(scores);
}
