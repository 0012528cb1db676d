// Times and sizes as people read them in a table: short, rounded down, never more exact than they are. Pure.

const UNITS: readonly (readonly [ms: number, unit: string])[] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "m"],
  [1_000, "s"],
];

/** `45s`, `3m`, `2h`, `5d`; whole units, rounded down. A clock set back gives `0s`. */
export function shortDuration(ms: number): string {
  const [size, unit] = UNITS.find(([unitMs]) => ms >= unitMs) ?? [1_000, "s"];
  return `${Math.max(0, Math.floor(ms / size))}${unit}`;
}

/** Of a moment in ISO 8601; null: nobody knows it. */
export function ageOf(since: string | null, nowMs: number): string | null {
  const ms = since === null ? Number.NaN : Date.parse(since);
  return Number.isNaN(ms) ? null : shortDuration(nowMs - ms);
}

/** `0.4 ms`, `71 ms`. */
export function shortMs(ms: number): string {
  return `${ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms)} ms`;
}

const KIB = 1024;
const SIZES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** `3.2/16 GiB`: a part of a whole in the whole's unit, `?` for what is not known; null when neither is. */
export function shortBytes(part: number | null, whole: number | null): string | null {
  const largest = whole ?? part;
  if (largest === null) return null;
  const power = Math.min(SIZES.length - 1, largest < 1 ? 0 : Math.floor(Math.log(largest) / Math.log(KIB)));
  const inUnit = (bytes: number) => shortNumber(bytes / KIB ** power);
  const parts = [part === null ? "?" : inUnit(part), ...(whole === null ? [] : [inUnit(whole)])];
  return `${parts.join("/")} ${SIZES[power]}`;
}

/** `0.4`, `3.2`, `16`: one decimal below ten. */
export function shortNumber(value: number): string {
  return String(value < 9.95 ? Number(value.toFixed(1)) : Math.round(value));
}

/** `950`, `12k`, `3.1M`. */
export function shortCount(count: number): string {
  if (count < 1_000) return String(count);
  return count < 999_500 ? `${shortNumber(count / 1_000)}k` : `${shortNumber(count / 1_000_000)}M`;
}
