// What one record of a GeoIP file says of a place. Pure; the record is data from outside.

import { validCountry } from "../../shared/countries.ts";
import { pointOf } from "../../shared/distance.ts";
import { fieldOf, itemsOf } from "../../shared/jsonParts.ts";
import { knownFields } from "../../shared/knownFields.ts";
import { safe } from "../../shared/safeText.ts";
import type { LocationConfidence, LocationPrecision } from "../../shared/types.ts";
import type { Place } from "../record.ts";

/** So far off a point says next to nothing, km. */
const VAGUE_KM = 500;
/** The longest name of a place that is believed; the longest real ones have 85 letters. */
const MAX_NAME_LENGTH = 100;
/** As the tz database spells names. */
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+/-]*$/;

/** Marks of networks whose users are elsewhere than their addresses; a node at a hosting provider is where that is. */
const ELSEWHERE = [
  "is_anycast",
  "is_satellite_provider",
  "is_anonymous_proxy",
  "is_anonymous_vpn",
  "is_public_proxy",
  "is_tor_exit_node",
];

/**
 * The place of a record in the shape of MaxMind's City and Country files, which DB-IP's have too: country, first
 * subdivision, city (English names), coordinates, time zone. Where the address is registered is not where it is, so
 * `registered_country` is not read. A part that is odd is absent, the rest is kept; null: it says nothing of a place.
 * @param address for the words of `detail`.
 */
export function placeOfRecord(record: unknown, address: string): Place | null {
  const code = fieldOf(fieldOf(record, "country"), "iso_code");
  const country = typeof code === "string" && validCountry(code) ? code : null;
  const region = englishName(itemsOf(fieldOf(record, "subdivisions"))[0]);
  const city = englishName(fieldOf(record, "city"));
  const location = fieldOf(record, "location");
  const latitude = fieldOf(location, "latitude");
  const longitude = fieldOf(location, "longitude");
  const point =
    typeof latitude === "number" && typeof longitude === "number" ? pointOf({ latitude, longitude }) : null;
  const precision = precisionOf(country, region, city);
  if (precision === null) return null;
  const zone = nameOf(fieldOf(location, "time_zone"));
  const timeZone = zone !== null && ZONE_NAME.test(zone) ? zone : null;
  return {
    ...knownFields({ country, region, city, timeZone }),
    ...point,
    source: "geoip",
    precision,
    confidence: confidenceOf(fieldOf(record, "traits"), fieldOf(location, "accuracy_radius")),
    detail: `endpoint ${address}`,
  };
}

function precisionOf(
  country: string | null,
  region: string | null,
  city: string | null,
): LocationPrecision | null {
  if (city !== null) return "city";
  if (region !== null) return "region";
  return country === null ? null : "country";
}

/** Never `high`: about one address in three is in another city than the data says. */
function confidenceOf(traits: unknown, radiusKm: unknown): LocationConfidence {
  if (ELSEWHERE.some((mark) => fieldOf(traits, mark) === true)) return "low";
  return typeof radiusKm === "number" && radiusKm > VAGUE_KM ? "low" : "medium";
}

function englishName(part: unknown): string | null {
  return nameOf(fieldOf(fieldOf(part, "names"), "en"));
}

/** SECURITY: names end up on terminals, on the page and in selectors; one that tries something is none. */
function nameOf(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const name = value.trim();
  return name !== "" && name.length <= MAX_NAME_LENGTH && safe(name) === name ? name : null;
}
