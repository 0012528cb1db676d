// Matches agent ids against exact ids and globs. No regular expression is built from config.

const STAR = 0x2a;
const QUESTION = 0x3f;

/** Whether the pattern is a glob rather than an exact id. */
export function isGlob(pattern: string): boolean {
  return pattern.includes("*") || pattern.includes("?");
}

/**
 * Whether the whole of `text` matches: `*` is any run of characters, also none; `?` is exactly one character
 * (one code point); everything else is itself, case-sensitive. There is no escape, agent ids need none.
 *
 * Keeps only the latest `*` to return to, so the work is at most pattern length times text length, whatever
 * the pattern: no catastrophic backtracking.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let afterStar = -1;
  let resumeAt = 0;
  while (t < text.length) {
    const wanted = pattern.charCodeAt(p);
    if (wanted === STAR) {
      afterStar = ++p;
      resumeAt = t;
    } else if (wanted === QUESTION) {
      p++;
      t += characterLength(text, t);
    } else if (wanted === text.charCodeAt(t)) {
      p++;
      t++;
    } else if (afterStar >= 0) {
      // The latest star takes one character more; earlier stars never need to give anything back.
      p = afterStar;
      resumeAt += characterLength(text, resumeAt);
      t = resumeAt;
    } else {
      return false;
    }
  }
  while (pattern.charCodeAt(p) === STAR) p++;
  return p >= pattern.length;
}

function characterLength(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}
