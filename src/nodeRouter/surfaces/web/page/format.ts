// Values as people read them. Pure; the clock comes in.

import { FACTS } from "../../../../presence/facts.ts";
import type { FactName } from "../../../../presence/record.ts";
import { safe } from "../../../../shared/safeText.ts";
import type { TunnelStatus } from "../../../tunnels/tunnelStatus.ts";

/** What stands for a value that nobody knows. */
export const UNKNOWN = "–";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `45 s`, `3 min`, `5 h`, `2 d`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min`;
  if (whole < 2 * DAY) return `${Math.floor(whole / HOUR)} h`;
  return `${Math.floor(whole / DAY)} d`;
}

/** How long ago that was; a moment that our clock has not reached counts as now. */
export function ago(atMs: number | null, nowMs: number): string {
  return atMs === null ? UNKNOWN : `${duration((nowMs - atMs) / 1000)} ago`;
}

/** `0.8 ms`, `72 ms`, `1.2 s`. */
export function roundTrip(ms: number | null): string {
  if (ms === null) return UNKNOWN;
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 9.95 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** `512 B`, `3.2 GiB`. */
export function bytes(count: number | null): string {
  if (count === null) return UNKNOWN;
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, count)) / 10)));
  const value = count / 1024 ** power;
  return `${power === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1).replace(/\.0$/, "")} ${UNITS[power]}`;
}

/** `3.2 / 16 GiB`, `201 GiB / 1.8 TiB`; what is not known is a dash. */
export function free(available: number | null, total: number | null): string {
  if (available === null && total === null) return UNKNOWN;
  const [left, right] = [bytes(available), bytes(total)];
  const unit = right.split(" ")[1];
  return `${unit !== undefined && left.endsWith(` ${unit}`) ? left.slice(0, -unit.length - 1) : left} / ${right}`;
}

/** `0.40 / 8`: load of one minute and processors. */
export function loadText(load1: number | null, cpus: number | null): string {
  if (load1 === null && cpus === null) return UNKNOWN;
  return `${load1 === null ? UNKNOWN : load1.toFixed(2)} / ${cpus ?? UNKNOWN}`;
}

/** Share in use, 0..1; null when it cannot be told. */
export function used(available: number | null, total: number | null): number | null {
  return available === null || total === null || total <= 0
    ? null
    : Math.min(1, Math.max(0, 1 - available / total));
}

/** `Singapore, SG`. */
export function placeName(
  place: { readonly city?: string; readonly region?: string; readonly country?: string } | null,
): string {
  const parts = [place?.city ?? place?.region, place?.country].filter((part) => part !== undefined);
  return parts.length === 0 ? UNKNOWN : parts.map(safe).join(", ");
}

/**
 * `99.9 %`, rounded down; a dash for null.
 * @param ratio 0 to 1.
 */
export function percent(ratio: number | null): string {
  if (ratio === null) return UNKNOWN;
  // 99.97 % is not 100 %.
  const value = Math.floor(ratio * 1000) / 10;
  return `${value} %`;
}

/** A fact's value with its unit; whatever it is, it becomes harmless text. */
export function factText(name: FactName, value: unknown, nowMs: number): string {
  const { unit } = FACTS[name];
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.map((entry) => safe(String(entry))).join(", ") || UNKNOWN;
  if (typeof value !== "number") return safe(String(value));
  if (unit === "bytes") return bytes(value);
  if (unit === "seconds") return duration(value);
  if (unit !== "epoch ms") return String(value);
  return value <= nowMs ? ago(value, nowMs) : `in ${duration((value - nowMs) / 1000)}`;
}

/** `up on port 18789, 3 min ago, 1 open`. @param nowMs epoch ms */
export function tunnelText(tunnel: TunnelStatus | null, nowMs: number): string {
  if (tunnel === null) return UNKNOWN;
  const { state, port, since, retries, reason, connections } = tunnel;
  const parts = [
    `${state} on port ${port}`,
    ...(since === null ? [] : [ago(Date.parse(since), nowMs)]),
    ...(state === "up" ? [`${connections} open`] : []),
    ...(retries === 0 ? [] : [`${retries} failed in a row`]),
    ...(reason === null ? [] : [reason]),
  ];
  return parts.join(", ");
}
