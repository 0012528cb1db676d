// Spans of time as people write them: `45m`, `2h`. Pure.

const SPAN = /^([1-9]\d{0,5})([smhdw])$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

export const SPAN_HELP = "a time span such as 45m, 2h, 3d (s, m, h, d, w)";

/** Milliseconds; null for anything else. */
export function parseSpan(text: string): number | null {
  const [, count, unit = ""] = SPAN.exec(text) ?? [];
  return count === undefined ? null : Number(count) * (UNIT_MS[unit] ?? 0);
}
