// A moment in the past as people write it: a time span before now, or a date. Pure.
import { parseSpan, SPAN_HELP } from "../../../shared/timeSpan.ts";

/** A day, or a time of a day with the offset that says which one. */
const DATE = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

export const SINCE_HELP = `${SPAN_HELP}, a day (2026-11-22, from midnight UTC), or a time with its offset (2026-11-22T08:00Z)`;

/** Epoch ms; null for anything else. A time without an offset would mean another moment on another machine. */
export function parseSince(text: string, nowMs: number): number | null {
  const span = parseSpan(text);
  if (span !== null) return nowMs - span;
  const [whole, day = ""] = DATE.exec(text) ?? [];
  if (whole === undefined || !isDay(day)) return null;
  const ms = Date.parse(whole);
  return Number.isNaN(ms) ? null : ms;
}

/** Date.parse takes the 30th of February for the 2nd of March. */
function isDay(day: string): boolean {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
}
