// The place of a node, from its presence record and the config, and the words for it. Pure.

import { declaredPlace } from "../../../presence/location/cleanPlace.ts";
import type { ReportedPlace } from "../../../presence/location/reportedPlace.ts";
import type { NodePresence, Place } from "../../../presence/record.ts";
import { placeWord } from "../../../shared/safeText.ts";
import type { NodeLocation } from "../../../shared/types.ts";

/**
 * The place to show. What the operator declared stands over everything inferred, also in the moment in which the
 * record is older than the config.
 */
export function shownPlace(location: NodeLocation | null, record: NodePresence | undefined): Place | null {
  const observed = record?.location ?? null;
  const isOverruled = location?.source === "declared" && observed?.source !== "declared";
  return isOverruled ? declaredPlace(location) : observed;
}

/** The place without what is known about it. */
export function locationOf(place: ReportedPlace): NodeLocation {
  const { precision: _p, confidence: _c, detail: _d, middle: _m, ...location } = place;
  return location;
}

/**
 * `SG Singapore (declared)`: country and city, else region, else coordinates, else time zone; always with its
 * source. Null: nobody knows. A word that is more than a place stands between quotes.
 */
export function placeLabel(location: NodeLocation | null): string | null {
  if (location === null) return null;
  const { country, region, city, latitude, longitude, timeZone, source } = location;
  const words = [country, city ?? region]
    .flatMap((word) => (word === undefined ? [] : [placeWord(word)]))
    .join(" ");
  const coordinates =
    latitude === undefined || longitude === undefined
      ? undefined
      : `${latitude.toFixed(2)},${longitude.toFixed(2)}`;
  const where = words || (coordinates ?? timeZone);
  return where === undefined ? null : `${where} (${source})`;
}
