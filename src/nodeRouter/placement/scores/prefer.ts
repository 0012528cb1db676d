// Scores nodes by a rule's preferences. Source of the arithmetic: Nomad's affinities.
import { type Bitset, has } from "../model/bitset.ts";
import type { NodeIndex } from "../model/nodeIndex.ts";
import type { Preference } from "../model/rule.ts";

/** A preference with the nodes that match it. */
interface Wish {
  readonly text: string;
  readonly weight: number;
  readonly matching: Bitset;
}

export interface Scoring {
  /** Sum of the weights that match the node: what ranking compares. 0 for every node when nothing is preferred. */
  sum(position: number): number;
  /** Normalized to -100..100; null when the rule prefers nothing. */
  score(position: number): number | null;
  /** What each preference gave, zeros included. Preferences written with the same text share one entry. */
  scores(position: number): Map<string, number>;
}

/** Prepares the preferences of one rule. */
export function createScoring(index: NodeIndex, prefer: readonly Preference[]): Scoring {
  const wishes = prefer.map(
    ({ selector, weight }): Wish => ({ text: selector.text, weight, matching: index.matching(selector) }),
  );
  const largest = wishes.reduce((sum, wish) => sum + Math.abs(wish.weight), 0);
  return {
    sum: (position) => sumOf(wishes, position),
    score: (position) => (wishes.length === 0 ? null : normalize(sumOf(wishes, position), largest)),
    scores: (position) => scoresOf(wishes, position),
  };
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
function scoresOf(wishes: readonly Wish[], position: number): Map<string, number> {
  const scores = new Map<string, number>();
  for (const { text, weight, matching } of wishes) {
    scores.set(text, (scores.get(text) ?? 0) + (has(matching, position) ? weight : 0));
  }
  return scores;
}
