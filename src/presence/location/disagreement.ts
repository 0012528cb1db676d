// Places that cannot both be true: found, kept, and put in words for the doctor. Pure.

import { distanceKm, pointOf } from "../../shared/distance.ts";
import { safe } from "../../shared/safeText.ts";
import type { Contradiction, Place } from "../record.ts";

/** Two points of cities that are so far apart are of two places, whatever country they are in. */
const APART_KM = 500;
/** A home relay is the nearest one, not a near one: Perth's is in Sydney. Its country says nothing at all. */
const RELAY_APART_KM = 4_000;

/**
 * The places that differ from another one, in the order given: `country` when they name different countries, `city`
 * when they are too far apart within one.
 * @param places of one node, in order of trust.
 */
export function contradictionsOf(places: readonly Place[]): readonly Contradiction[] {
  const differing = places.filter((place) => places.some((other) => disagree(place, other)));
  if (differing.length === 0) return [];
  const countries = new Set(differing.map(({ country }) => country).filter((code) => code !== undefined));
  return [
    {
      fact: countries.size > 1 ? "country" : "city",
      values: differing.map((place) => ({ value: placeWords(place), source: place.source, atMs: null })),
    },
  ];
}

/**
 * What speaks against the operator's words, for the doctor: `declared SG, endpoint 1.2.3.4 looks like JP Tokyo`;
 * null when nothing does.
 * @param location the node's location; only a declared one can disagree.
 * @param others in order of trust.
 */
export function disagreement(location: Place | null, others: readonly Place[]): string | null {
  if (location?.source !== "declared") return null;
  const against = others.filter((other) => disagree(location, other));
  if (against.length === 0) return null;
  const words = against.map((other) => `${safe(other.detail)} looks like ${placeWords(other)}`);
  return `declared ${placeWords(location)}, ${words.join(", ")}`;
}

/** Whether two places exclude each other. Symmetric; a place never excludes itself. */
export function disagree(a: Place, b: Place): boolean {
  const isRelay = a.source === "derp" || b.source === "derp";
  if (!isRelay && a.country !== undefined && b.country !== undefined && a.country !== b.country) return true;
  const [from, to] = [cityPoint(a), cityPoint(b)];
  if (from === null || to === null) return false;
  return distanceKm(from, to) > (isRelay ? RELAY_APART_KM : APART_KM);
}

/** `SG Singapore`; coordinates when it has no name. */
export function placeWords({ country, region, city, latitude, longitude, timeZone }: Place): string {
  const names = [country, city ?? region].filter((name) => name !== undefined);
  if (names.length > 0) return names.map(safe).join(" ");
  if (latitude !== undefined && longitude !== undefined) return `${latitude},${longitude}`;
  return timeZone === undefined ? "nowhere" : safe(timeZone);
}

/** The point of a place that is at least as exact as a city: the middle of a country is no witness. */
function cityPoint(place: Place) {
  return place.precision === "exact" || place.precision === "city" ? pointOf(place) : null;
}
