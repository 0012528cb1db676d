// Where the gateway itself is: as declared, of it or of the node that it is, else by its home relay or its time zone. Pure.

import { type DerpMap, derpPlaceOf } from "../../presence/location/derpRegions.ts";
import { locate } from "../../presence/location/locate.ts";
import { placeOfTimeZone } from "../../presence/location/timeZones.ts";
import type { Place, PlaceWitness } from "../../presence/record.ts";
import type { NodeLocation } from "../../shared/types.ts";

export interface GatewayFacts {
  readonly declared: NodeLocation | null;
  /** As declared of nodes that are the gateway's own machine; absent: none is. */
  readonly own?: readonly NodeLocation[];
  /** Code of this machine's home relay; null: not on a tailnet, or not known. */
  readonly relay: string | null;
  readonly derpMap: DerpMap | null;
  /** IANA name. */
  readonly timeZone: string;
}

/** What its relay and its clock's zone say, now. @param nowMs epoch ms. */
export function gatewayWitnesses(
  facts: Omit<GatewayFacts, "declared" | "own">,
  nowMs: number,
): readonly PlaceWitness[] {
  return inferredPlaces(facts).map((place) => ({
    by: place.source === "derp" ? "relay" : "timezone",
    place,
    atMs: nowMs,
    stale: false,
  }));
}

/**
 * Where the gateway is: as declared, else where the node is that is the same machine, else by its home relay, else by its
 * clock's zone; null when none of them leads to a place.
 */
export function gatewayPlace({ declared, own = [], ...facts }: GatewayFacts): Place | null {
  return locate({ declared: declared ?? own[0] ?? null, places: inferredPlaces(facts) }).location;
}

function inferredPlaces({
  relay,
  derpMap,
  timeZone,
}: Omit<GatewayFacts, "declared" | "own">): readonly Place[] {
  const inferred = [relay === null ? null : derpPlaceOf(relay, derpMap), placeOfTimeZone(timeZone)];
  return inferred.filter((place) => place !== null);
}
