// Places that follow from facts: the public address's, the home relay's, the time zone's.
import type { NodePresence, Place } from "../contract.ts";
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
  const { publicAddress, tailnetRelay, timeZone } = facts;
  const places: (Place | null)[] = [];
  if (publicAddress !== undefined && !publicAddress.stale) {
    const answer = sources.geoip.known(publicAddress.value);
    if (answer === null) void sources.geoip.lookup(publicAddress.value);
    places.push(answer?.place ?? null);
  }
  if (tailnetRelay !== undefined && !tailnetRelay.stale) {
    places.push(derpPlaceOf(tailnetRelay.value, sources.derpMap));
  }
  if (timeZone !== undefined && !timeZone.stale) places.push(placeOfTimeZone(timeZone.value));
  return places.filter((place) => place !== null);
}
