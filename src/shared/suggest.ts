// Finds the word that was probably meant, by edit distance.
import { quote } from "./safeText.ts";

/** Longer words are not compared: nobody mistypes them, and comparing costs length squared. */
const MAX_COMPARED_LENGTH = 100;
/** A suggestion is not worth more comparisons: a config of the largest size would take minutes to check. */
const MAX_CANDIDATES = 1000;

/** `did you mean "prefer"?` for the nearest candidate; null when none comes near. */
export function didYouMean(word: string, candidates: Iterable<string>): string | null {
  const found = nearest(word, candidates);
  return found === null ? null : `did you mean ${quote(found)}?`;
}

/**
 * The candidate with the fewest edits (insert, delete, replace, swap neighbours; case is no edit), at most one for
 * every three characters of the longer word. The first of equals; null when none comes near.
 */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  let best: string | null = null;
  let fewest = Number.POSITIVE_INFINITY;
  let compared = 0;
  for (const candidate of candidates) {
    const longer = Math.max(word.length, candidate.length);
    const shorter = Math.min(word.length, candidate.length);
    const allowed = Math.floor(longer / 3);
    if (candidate === word || longer > MAX_COMPARED_LENGTH || longer - shorter > allowed) continue;
    if (++compared > MAX_CANDIDATES) break;
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase(), Math.min(allowed, fewest - 1));
    if (edits === null) continue;
    best = candidate;
    fewest = edits;
  }
  return best;
}

/** Optimal string alignment distance, three rows at a time; null as soon as it is certain to be more than `most`. */
function editDistance(left: string, right: string, most: number): number | null {
  const [a, b] = withoutCommonEnds(left, right);
  let twoAgo: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  let fewestBefore = 0;
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    let fewest = i;
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(previous, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let edits = Math.min(at(previous, j) + 1, at(current, j - 1) + 1, replaced);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        edits = Math.min(edits, at(twoAgo, j - 2) + 1);
      }
      current.push(edits);
      fewest = Math.min(fewest, edits);
    }
    // Swapped neighbours step over a row, so one row alone does not tell.
    if (fewest > most && fewestBefore > most) return null;
    fewestBefore = fewest;
    twoAgo = previous;
    previous = current;
  }
  const edits = at(previous, b.length);
  return edits > most ? null : edits;
}

/** What both begin and end with needs no edit; names of one fleet differ in a few characters. */
function withoutCommonEnds(a: string, b: string): readonly [string, string] {
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start++;
  let end = 0;
  while (end < shorter - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return [a.slice(start, a.length - end), b.slice(start, b.length - end)];
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
