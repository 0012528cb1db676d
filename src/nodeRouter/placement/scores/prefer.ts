// Scores nodes by a rule's preferences. Source of the arithmetic: Nomad's affinities.
import type { NodeTags } from "../../../shared/types.ts";
import type { Preference } from "../model/rule.ts";
import { matches } from "../selector/selector.ts";

/** Sum of the weights that match: what ranking compares. 0 for every node when nothing is preferred. */
export function preferenceSum(prefer: readonly Preference[], tags: NodeTags): number {
  let sum = 0;
  for (const { selector, weight } of prefer) if (matches(selector, tags)) sum += weight;
  return sum;
}

/**
 * Nomad: sum of the matching weights over the sum of all absolute weights, here times 100, so -100..100; null when
 * nothing is preferred. Two decimals are kept, for people; ranking compares the sums. Weights of zero only give zero.
 */
export function preferenceScore(prefer: readonly Preference[], tags: NodeTags): number | null {
  if (prefer.length === 0) return null;
  const largest = prefer.reduce((sum, { weight }) => sum + Math.abs(weight), 0);
  return largest === 0 ? 0 : Math.round((preferenceSum(prefer, tags) / largest) * 10_000) / 100;
}

/** What each preference gave, zeros included. Those written with the same text share one entry and add up. */
export function preferenceScores(prefer: readonly Preference[], tags: NodeTags): Map<string, number> {
  const scores = new Map<string, number>();
  for (const { selector, weight } of prefer) {
    const given = matches(selector, tags) ? weight : 0;
    scores.set(selector.text, (scores.get(selector.text) ?? 0) + given);
  }
  return scores;
}
