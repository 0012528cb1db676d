// Matches agents against exact ids and globs, both as OpenClaw writes ids. No regular expression is built from config.
import { normalizeAgentId } from "../../../shared/hostNames.ts";

const STAR = 0x2a;
const QUESTION = 0x3f;

/** Whether the pattern is a glob rather than an exact id. */
export function isGlob(pattern: string): boolean {
  return pattern.includes("*") || pattern.includes("?");
}

/** Whether a pattern of a rule names the agent, however either of them is written. */
export function matchesAgent(pattern: string, agent: string): boolean {
  const id = normalizeAgentId(agent);
  const canonical = agentPattern(pattern);
  return isGlob(canonical) ? matchesGlob(canonical, id) : canonical === id;
}

/**
 * The pattern in the form of the ids that it is compared with. An exact name becomes the id that OpenClaw makes of
 * it. A glob changes in the same way between its wildcards: `Team A*` is `team-a*`, as `Team A 1` is `team-a-1`.
 */
export function agentPattern(written: string): string {
  if (!isGlob(written)) return normalizeAgentId(written);
  const pattern = written.trim().toLowerCase().replace(NOT_IN_PATTERN, "-");
  const literal = pattern.search(/[^-]/);
  // Before a wildcard a dash stays: no id begins with one, and without it the glob would name everybody.
  return isGlob(pattern.charAt(literal)) ? pattern : pattern.slice(literal);
}

const NOT_IN_PATTERN = /[^a-z0-9_*?-]+/g;

/** Whether OpenClaw drops what the pattern begins with, so that it would mean other agents than it says. */
export function losesItsStart(pattern: string): boolean {
  return !/^[a-z0-9_*?]/.test(pattern.trim().toLowerCase());
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
