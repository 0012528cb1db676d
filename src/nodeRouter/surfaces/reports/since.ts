// A moment in the past as people write it: a time span before now, or a date. Pure.

const SPAN = /^([1-9]\d{0,5})([smhdw])$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** A day, or a time of a day with the offset that says which one. */
const DATE = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

export const SPAN_HELP = "a time span such as 45m, 2h, 3d (s, m, h, d, w)";

export const SINCE_HELP = `${SPAN_HELP}, a day (2026-11-22, from midnight UTC), or a time with its offset (2026-11-22T08:00Z)`;

/** Milliseconds; null for anything else. */
export function parseSpan(text: string): number | null {
  const [, count, unit = ""] = SPAN.exec(text) ?? [];
  return count === undefined ? null : Number(count) * (UNIT_MS[unit] ?? 0);
}

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
