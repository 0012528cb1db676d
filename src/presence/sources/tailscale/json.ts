// Reads values out of parsed JSON that may be anything. Pure.
import { itemsOf } from "../../../shared/jsonParts.ts";

export type JsonRecord = Readonly<Record<string, unknown>>;

/** Ids of Tailscale are int64: what a JavaScript number may not hold exactly is read as text. */
const LONG_IDS = /("(?:NodeID|UserID|ID)"\s*:\s*)(-?\d{16,})(?=\s*[,}\]])/g;

/**
 * `JSON.parse`, with ids of 16 digits and more as strings. Inside a JSON string every quote has a backslash before
 * it, so a name that looks like an id is left alone.
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  return JSON.parse(text.replace(LONG_IDS, '$1"$2"'));
}

/** The text; null when it is none, blank, or longer than `maxLength`: a name of that length names nothing. */
export function textOf(value: unknown, maxLength = 512): string | null {
  if (typeof value !== "string" || value.length > maxLength) return null;
  return value.trim() === "" ? null : value;
}

/** The texts of a list; empty for what is no list. */
export function textsOf(value: unknown): readonly string[] {
  return itemsOf(value).filter((item) => typeof item === "string");
}

/** Epoch ms of an RFC 3339 time; null for none and for Go's zero time, `0001-01-01T00:00:00Z`. */
export function timeOf(value: unknown): number | null {
  if (typeof value !== "string" || value.startsWith("0001-01-01")) return null;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? null : ms;
}

/** An id as decimal text; null for one that a number cannot hold exactly, and for 0, which is none. */
export function idOf(value: unknown): string | null {
  if (typeof value === "number") return Number.isSafeInteger(value) && value !== 0 ? String(value) : null;
  return typeof value === "string" && /^-?[1-9]\d{0,19}$/.test(value) ? value : null;
}
