// Places as they can be used: what cannot be true is left out, and a point to draw is put in. Pure.

import { countryPoint, validCountry } from "../../shared/countries.ts";
import { type GeoPoint, pointOf } from "../../shared/distance.ts";
import type { LocationPrecision, NodeLocation } from "../../shared/types.ts";
import type { Place } from "../record.ts";
import { cityPointOf } from "./cities.ts";
import { PRECISIONS } from "./order.ts";

/** The operator's words as a place; null when they say nothing. */
export function declaredPlace(declared: NodeLocation): Place | null {
  const precision = pointOf(declared) === null ? precisionOf(declared) : "exact";
  return cleanPlace({ ...declared, precision, confidence: "high", detail: "configured" });
}

/**
 * The place without a country that ISO 3166-1 does not assign and without half or impossible coordinates; null when
 * nothing is left. One without coordinates gets those of its own city or country from our tables, to be drawn and
 * measured; `precision` then says how much they are worth. Nothing is ever taken from another place.
 */
export function cleanPlace(place: Place): Place | null {
  const { country, latitude: _latitude, longitude: _longitude, ...rest } = place;
  const known = country !== undefined && validCountry(country) ? country : null;
  const named = { ...rest, ...(known === null ? {} : { country: known }) };
  const point = pointOf(place);
  if (point !== null) return { ...named, ...point };
  if (known === null) return isEmpty(named) ? null : named;
  const own = tablePoint(known, named.city ?? null);
  return own === null
    ? named
    : { ...named, ...own.point, precision: coarser(named.precision, own.precision) };
}

export interface TablePoint {
  readonly point: GeoPoint;
  readonly precision: LocationPrecision;
}

/** The point that stands for a place without its own: of its city, else of its country; null: neither is in our tables. */
export function tablePoint(country: string, city: string | null): TablePoint | null {
  const cityPoint = city === null ? null : cityPointOf(country, city);
  if (cityPoint !== null) return { point: cityPoint, precision: "city" };
  const point = countryPoint(country);
  return point === null ? null : { point, precision: "country" };
}

function precisionOf({ city, region }: NodeLocation): LocationPrecision {
  if (city !== undefined) return "city";
  return region === undefined ? "country" : "region";
}

function coarser(a: LocationPrecision, b: LocationPrecision): LocationPrecision {
  return PRECISIONS.indexOf(a) > PRECISIONS.indexOf(b) ? a : b;
}

function isEmpty({ country, region, city, timeZone }: NodeLocation): boolean {
  return country === undefined && region === undefined && city === undefined && timeZone === undefined;
}
