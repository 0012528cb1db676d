// Makes text from outside harmless to print. Imports nothing of ours.

/**
 * Characters that can repaint a terminal, reorder a line or hide text from the reader:
 * C0, DEL and C1 (`Cc`), bidirectional controls (UAX #9), lone surrogates, line and paragraph
 * separators, and what no screen shows: zero width, fillers, variation selectors, tag characters.
 */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\u2028\u2029\ufff9-\ufffb]/gu;

/**
 * The text with every unsafe character written as `\uXXXX` (one escape a UTF-16 unit).
 * SECURITY: node names and tags are declared by nodes; they reach terminals, logs and models.
 */
export function safe(text: string): string {
  return text.replace(UNSAFE, escapeUnits);
}

/** Whether `safe` has nothing to write otherwise. */
export function isPrintable(text: string): boolean {
  return safe(text) === text;
}

/** At most `max` code points of the text; the last one says that it was cut. */
export function shortened(text: string, max: number): string {
  const points = [...text];
  return points.length <= max ? text : `${points.slice(0, max - 1).join("")}…`;
}

/** `safe` between double quotes; quotes and backslashes inside are escaped, so the end is unambiguous. */
export function quote(text: string): string {
  return `"${safe(text.replace(/["\\]/g, "\\$&"))}"`;
}

/**
 * Names that end where the next blank is, and cannot be taken for anything else in a sentence. Of other scripts only
 * those whose letters look like no Latin ones.
 */
const PLAIN_NAME =
  /^[A-Za-z0-9\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Extended_Pictographic}][A-Za-z0-9._\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Extended_Pictographic}-]*$/u;

/** Characters of a name in a sentence: a configured one may be as long. */
const MAX_NAME = 253;

/**
 * A name where a sentence holds it: a plain one as it is, every other one between quotes, so that none can go on as
 * the sentence does (`mac-sg (SG, declared) · rule singapore`).
 */
export function nameText(name: string): string {
  if (name.length > MAX_NAME) return quote(`${name.slice(0, MAX_NAME - 1)}…`);
  return PLAIN_NAME.test(name) && isPrintable(name) ? name : quote(name);
}

/** A place in words that cannot be taken for what stands behind it: `Singapore`, but `"Singapore (declared)"`. */
export function placeWord(place: string): string {
  const cut = place.slice(0, MAX_PLACE);
  return PLAIN_PLACE.test(cut) && isPrintable(cut) ? cut : quote(cut);
}

const MAX_PLACE = 253;
const PLAIN_PLACE = /^[\p{L}\p{N}+-][\p{L}\p{M}\p{N} .'’/_+,-]*$/u;

/**
 * JSON that is safe on a terminal and parses back to the same value: `JSON.stringify` leaves DEL, C1 and
 * bidirectional controls raw.
 */
export function safeJson(value: unknown, indent = 2): string {
  // Line feeds are the indentation's own: JSON.stringify has escaped those inside strings.
  return JSON.stringify(value, null, indent).split("\n").map(safe).join("\n");
}

function escapeUnits(character: string): string {
  let escaped = "";
  for (let unit = 0; unit < character.length; unit++) {
    escaped += `\\u${character.charCodeAt(unit).toString(16).padStart(4, "0")}`;
  }
  return escaped;
}
