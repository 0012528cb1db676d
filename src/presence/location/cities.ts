// Points of cities, to draw a node whose city is known and whose coordinates are not. Small and honest.
import type { GeoPoint } from "../../shared/distance.ts";
import { once } from "../../shared/once.ts";
import { readTable } from "../../shared/table.ts";
import { timeZones } from "./timeZones.ts";

/** Rows `country,city,latitude,longitude`. */
const CITIES = new URL("./data/cities.csv", import.meta.url);

const points = once(readPoints);

/**
 * The middle of a city, to about 10 km; null for a city that is in neither table (principal cities of time zones,
 * and some where servers stand), also when it exists. Case, accents and punctuation do not matter.
 * @param country ISO 3166-1 alpha-2: `London` alone would be a guess.
 */
export function cityPointOf(country: string, city: string): GeoPoint | null {
  return points().get(keyOf(country, city)) ?? null;
}

function readPoints(): ReadonlyMap<string, GeoPoint> {
  const found = new Map<string, GeoPoint>();
  for (const [name, { country, point }] of timeZones()) {
    found.set(keyOf(country, name.slice(name.lastIndexOf("/") + 1)), point);
  }
  // The city table goes before: some zones bear the name of a city and lie elsewhere.
  for (const [country = "", city = "", latitude, longitude] of readTable(CITIES)) {
    found.set(keyOf(country, city), { latitude: Number(latitude), longitude: Number(longitude) });
  }
  return found;
}

function keyOf(country: string, city: string): string {
  const plain = city
    .normalize("NFD")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "");
  return `${country} ${plain}`;
}
