// Every country of ISO 3166-1: its name, and a point to draw it at. Pure.

import { COUNTRY_TABLE } from "./countryTable.ts";
import type { Point } from "./distance.ts";

interface Country {
  readonly name: string;
  readonly point: Point;
}

const COUNTRIES: ReadonlyMap<string, Country> = new Map(COUNTRY_TABLE.split(";").map(readRow));

/** Whether it is a code that ISO 3166-1 alpha-2 assigns, in capitals: `UK`, `EU` and `sg` are none. */
export function validCountry(code: string): boolean {
  return COUNTRIES.has(code);
}

/** Usual English name; null for a code that is not assigned. */
export function countryName(code: string): string | null {
  return COUNTRIES.get(code)?.name ?? null;
}

/** A point inside the country, near the middle of its largest part; null for a code that is not assigned. */
export function countryPoint(code: string): Point | null {
  return COUNTRIES.get(code)?.point ?? null;
}

/** All assigned codes, sorted. */
export function countryCodes(): readonly string[] {
  return [...COUNTRIES.keys()];
}

/** `SG,1.4,103.8,Singapore`: a name may hold commas. */
function readRow(row: string): [string, Country] {
  const [code = "", latitude, longitude, ...name] = row.split(",");
  return [
    code,
    { name: name.join(","), point: { latitude: Number(latitude), longitude: Number(longitude) } },
  ];
}
