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
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (edits <= allowed && edits < fewest) {
      best = candidate;
      fewest = edits;
    }
  }
  return best;
}

/** Optimal string alignment distance, three rows at a time. */
function editDistance(a: string, b: string): number {
  let twoAgo: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(previous, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let edits = Math.min(at(previous, j) + 1, at(current, j - 1) + 1, replaced);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        edits = Math.min(edits, at(twoAgo, j - 2) + 1);
      }
      current.push(edits);
    }
    twoAgo = previous;
    previous = current;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
