// Problems of meaning in a place that the operator declares.
import { validCountry } from "../../shared/countries.ts";
import { isPrintable, quote } from "../../shared/safeText.ts";
import { ianaTimeZone } from "../../shared/timeZone.ts";
import { type ConcernedAgents, type ConfigProblem, configError } from "../problems/problem.ts";
import type { LocationEntry } from "./written.ts";

const TWO_CAPITALS = /^[A-Z]{2}$/;
/** Codes that people write for a country that has another one. */
const USUAL_MISTAKES: ReadonlyMap<string, string> = new Map([
  ["UK", "GB"],
  ["EL", "GR"],
]);

/** Codes that are none, names that cannot be shown, half coordinates; of the node or gateway at `path`. */
export function* checkLocation(
  path: string,
  location: LocationEntry | undefined,
  agents: ConcernedAgents,
): Generator<ConfigProblem> {
  if (location === undefined) return;
  const invalid = (key: keyof LocationEntry, message: string, suggestion: string | null = null) =>
    configError({ code: "LOCATION_INVALID", path: `${path}.location.${key}`, message, suggestion, agents });
  const { country, latitude, longitude, timeZone } = location;
  if (country !== undefined) {
    const message = countryProblem(country);
    if (message !== null) yield invalid("country", message, countrySuggestion(country));
  }
  for (const key of ["region", "city"] as const) {
    const name = location[key];
    if (name !== undefined && !isPrintable(name))
      yield invalid(key, `${quote(name)} has characters that cannot be shown`);
  }
  const zone = timeZone === undefined ? null : ianaTimeZone(timeZone);
  if (timeZone !== undefined && zone !== timeZone) {
    const message = `${quote(timeZone)} is not the IANA name of a time zone, such as "Asia/Singapore"`;
    yield invalid("timeZone", message, zone === null ? null : `did you mean ${quote(zone)}?`);
  }
  if (latitude !== undefined && longitude === undefined)
    yield invalid("latitude", "latitude is set without longitude");
  if (longitude !== undefined && latitude === undefined)
    yield invalid("longitude", "longitude is set without latitude");
}

/** What is wrong with a country's code; null when it is one. */
export function countryProblem(country: string): string | null {
  if (!TWO_CAPITALS.test(country)) return `${quote(country)} is not two capital letters (ISO 3166-1 alpha-2)`;
  return validCountry(country) ? null : `ISO 3166-1 gives the code ${quote(country)} to no country`;
}

/** `did you mean "SG"?`; null when nothing comes near. */
export function countrySuggestion(country: string): string | null {
  const capitals = country.toUpperCase();
  const meant = USUAL_MISTAKES.get(capitals) ?? capitals;
  return meant !== country && validCountry(meant) ? `did you mean ${quote(meant)}?` : null;
}
