// Which of two places is believed first: a total order, so that the order of arrival cannot matter. Pure.
import type { LocationConfidence, LocationPrecision, LocationSource } from "../../shared/types.ts";
import type { Place } from "../record.ts";

const SOURCES: readonly LocationSource[] = ["declared", "tailscale", "geoip", "derp", "timezone"];
/** The most exact first. */
export const PRECISIONS: readonly LocationPrecision[] = ["exact", "city", "region", "country"];
const CONFIDENCES: readonly LocationConfidence[] = ["high", "medium", "low"];

/** Negative when `a` goes first: by the source, then the more exact, then the surer one, then by its words. */
export function byTrust(a: Place, b: Place): number {
  return (
    SOURCES.indexOf(a.source) - SOURCES.indexOf(b.source) ||
    PRECISIONS.indexOf(a.precision) - PRECISIONS.indexOf(b.precision) ||
    CONFIDENCES.indexOf(a.confidence) - CONFIDENCES.indexOf(b.confidence) ||
    compareText(keyOf(a), keyOf(b))
  );
}

/** The same for the same place, however its fields are ordered. */
export function keyOf(place: Place): string {
  return JSON.stringify([
    place.source,
    place.precision,
    place.confidence,
    place.country ?? null,
    place.region ?? null,
    place.city ?? null,
    place.latitude ?? null,
    place.longitude ?? null,
    place.timeZone ?? null,
    place.detail,
  ]);
}

/** By code units: the same everywhere, unlike `localeCompare`. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
