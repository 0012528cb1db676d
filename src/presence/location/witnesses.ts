// What each source says of where a node is, one by one and with its age: for residency, where an old word still objects.
import { FACTS, saidAtMs } from "../facts.ts";
import type { FactName, FactValues, Place, PlaceWitness, Said } from "../record.ts";
import { cleanPlace } from "./cleanPlace.ts";
import { derpPlaceOf } from "./derpRegions.ts";
import type { InferenceSources } from "./inferred.ts";
import { placeOfTimeZone } from "./timeZones.ts";

/**
 * Every place that a source names or that follows from what it said, also of facts that hold no longer: nobody has
 * taken those back. An address that was not looked up yet has no place now; the look-up is begun.
 */
export function witnessesOf(
  { observations, addresses, places, nowMs }: Said,
  { geoip, derpMap }: InferenceSources,
): readonly PlaceWitness[] {
  const witnesses: PlaceWitness[] = [];
  const add = (by: PlaceWitness["by"], said: Place | null, atMs: number, holdsMs: number): void => {
    const place = said === null ? null : cleanPlace(said);
    if (place !== null) witnesses.push({ by, place, atMs, stale: nowMs - atMs > holdsMs });
  };
  for (const { value, atMs } of places.values()) {
    for (const place of value) add("tailscale", place, atMs, FACTS.tailnetRelay.holdsMs);
  }
  for (const observation of observations) {
    const { facts } = observation;
    const infer = <K extends FactName>(
      name: K,
      by: PlaceWitness["by"],
      of: (v: FactValues[K]) => Place | null,
    ) => {
      const value = facts[name];
      if (value !== undefined) add(by, of(value), saidAtMs(observation, name), FACTS[name].holdsMs);
    };
    infer("tailnetRelay", "relay", (relay) => derpPlaceOf(relay, derpMap));
    infer("timeZone", "timezone", placeOfTimeZone);
  }
  for (const [source, { value, atMs }] of addresses) {
    const answer = geoip.known(value);
    if (answer === null) void geoip.lookup(value);
    // Tailscale shows whom it sends to, and every other source what the node found out by itself.
    const by = source === "tailscale" ? "endpoint" : "egress";
    add(by, answer?.place ?? null, atMs, FACTS.publicAddress.holdsMs);
  }
  return witnesses;
}
