// Makes text from outside harmless to print. Imports nothing of ours.

/**
 * Characters that can repaint a terminal, reorder a line or hide text from the reader:
 * C0, DEL and C1 (`Cc`), bidirectional controls (UAX #9), lone surrogates, line and paragraph
 * separators, and the invisible tag characters U+E0000..E007F.
 */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029\u{e0000}-\u{e007f}]/gu;

/**
 * The text with every unsafe character written as `\uXXXX` (one escape a UTF-16 unit).
 * SECURITY: node names and tags are declared by nodes; they reach terminals, logs and models.
 */
export function safe(text: string): string {
  return text.replace(UNSAFE, escapeUnits);
}

/** `safe` between double quotes; quotes and backslashes inside are escaped, so the end is unambiguous. */
export function quote(text: string): string {
  return `"${safe(text.replace(/["\\]/g, "\\$&"))}"`;
}

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
