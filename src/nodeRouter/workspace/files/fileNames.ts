// File names as text: bytes that are no UTF-8 become lone surrogates and come back as they were. Pure.
import { isUtf8 } from "node:buffer";

/**
 * A byte that belongs to no UTF-8 character is U+DC00 + its value, as in Python's file names (PEP 383): 0xE9 is
 * `\udce9`, and only 0x80 to 0xFF can be. No text has these alone, so no two names become the same, and they pass
 * through JSON.
 */
const ESCAPE = 0xdc00;

/** Longest UTF-8 character. */
const MAX_CHARACTER = 4;

/** A surrogate that belongs to no pair. */
const LONE = /\p{Cs}/u;

/** Each of them: with the flag, a pair is one character. */
const EVERY_LONE = /\p{Cs}/gu;

/** What the host, terminals and this gateway's own text show for bytes that are no UTF-8. */
export const REPLACEMENT = "\ufffd";

/** The bytes of a name or path from a node, as text. */
export function nameOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  let name = "";
  let at = 0;
  while (at < bytes.length) {
    const length = characterLength(bytes, at);
    name +=
      length === 0 ? String.fromCharCode(ESCAPE + (bytes[at] ?? 0)) : bytes.toString("utf8", at, at + length);
    at += Math.max(1, length);
  }
  return name;
}

/** Whether the name has bytes that are no UTF-8. */
export function hasRawBytes(name: string): boolean {
  return LONE.test(name);
}

/** The bytes that a name or path stands for; null when it stands for none (see `nameProblem`). */
export function bytesOf(name: string): Buffer | null {
  if (!hasRawBytes(name)) return Buffer.from(name, "utf8");
  const parts: Buffer[] = [];
  let at = 0;
  for (const { 0: surrogate, index } of name.matchAll(EVERY_LONE)) {
    const byte = surrogate.charCodeAt(0) - ESCAPE;
    if (byte < 0x80 || byte > 0xff) return null;
    parts.push(Buffer.from(name.slice(at, index), "utf8"), Buffer.of(byte));
    at = index + 1;
  }
  parts.push(Buffer.from(name.slice(at), "utf8"));
  const bytes = Buffer.concat(parts);
  // Bytes that make up a character have to be written as this character: one name for one file.
  return nameOf(bytes) === name ? bytes : null;
}

/** Why no file can have this name, or why it should not be given to one; null when it can. */
export function nameProblem(
  name: string,
  use: "look" | "change",
): readonly [fact: string, advice: string] | null {
  if (bytesOf(name) === null) {
    return [
      "holds half of a character, which no file name can",
      "take the name from ls as it is written there",
    ];
  }
  if (use === "change" && name.includes(REPLACEMENT)) {
    return [
      "holds U+FFFD, which is shown in place of bytes that are no UTF-8, so another file is meant",
      "take the name from ls, where such bytes are written \\udc80 to \\udcff, or use exec",
    ];
  }
  return null;
}

/** How many bytes the UTF-8 character at this place has; 0 when there is none. */
function characterLength(bytes: Buffer, at: number): number {
  for (let length = 1; length <= MAX_CHARACTER && at + length <= bytes.length; length++) {
    if (isUtf8(bytes.subarray(at, at + length))) return length;
  }
  return 0;
}
