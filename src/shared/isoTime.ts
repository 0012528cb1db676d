// Moments as text.

/** The last moment that a Date can hold, epoch ms (ECMA-262, time values). */
const MAX_TIME_MS = 8.64e15;

/** ISO 8601 of epoch ms; null for null, and for what no calendar has: times come from outside. */
export function isoTime(ms: number | null): string | null {
  return ms === null || !(Math.abs(ms) <= MAX_TIME_MS) ? null : new Date(ms).toISOString();
}
