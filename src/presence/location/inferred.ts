// Places that follow from facts: the public address's, the home relay's, the time zone's.

import { held } from "../facts.ts";
import type { NodePresence, Place } from "../record.ts";
import { type DerpMap, derpPlaceOf } from "./derpRegions.ts";
import type { Geoip } from "./geoip.ts";
import { placeOfTimeZone } from "./timeZones.ts";

export interface InferenceSources {
  readonly geoip: Pick<Geoip, "known" | "lookup">;
  /** Null: the bundled table. */
  readonly derpMap: DerpMap | null;
}

/**
 * Of facts that still hold. An address that was not looked up yet has no place now; the look-up is begun, and the
 * next time it has.
 */
export function inferredPlaces(facts: NodePresence["facts"], sources: InferenceSources): readonly Place[] {
  const [address, relay, timeZone] = [
    held(facts.publicAddress),
    held(facts.tailnetRelay),
    held(facts.timeZone),
  ];
  const places: (Place | null)[] = [];
  if (address !== null) {
    const answer = sources.geoip.known(address);
    if (answer === null) void sources.geoip.lookup(address);
    places.push(answer?.place ?? null);
  }
  if (relay !== null) places.push(derpPlaceOf(relay, sources.derpMap));
  if (timeZone !== null) places.push(placeOfTimeZone(timeZone));
  return places.filter((place) => place !== null);
}
