// Every country of ISO 3166-1: its name, and a point to draw it at.
import type { GeoPoint } from "./distance.ts";
import { once } from "./once.ts";
import { readTable } from "./table.ts";

interface Country {
  readonly name: string;
  readonly point: GeoPoint;
}

const countries = once(
  (): ReadonlyMap<string, Country> =>
    new Map(readTable(new URL("./data/countries.csv", import.meta.url)).map(readRow)),
);

/** Reads the table now: for code that outlives its files (`workspace/loadSshClient.ts`). */
export function loadCountries(): void {
  countries();
}

/** Whether it is a code that ISO 3166-1 alpha-2 assigns, in capitals: `UK`, `EU` and `sg` are none. */
export function validCountry(code: string): boolean {
  return countries().has(code);
}

/** Usual English name; null for a code that is not assigned. */
export function countryName(code: string): string | null {
  return countries().get(code)?.name ?? null;
}

/** A point inside the country, near the middle of its largest part; null for a code that is not assigned. */
export function countryPoint(code: string): GeoPoint | null {
  return countries().get(code)?.point ?? null;
}

/** All assigned codes, sorted. */
export function countryCodes(): readonly string[] {
  return [...countries().keys()];
}

/** `SG,1.4,103.8,Singapore`: a name may hold commas. */
function readRow([code = "", latitude, longitude, ...name]: readonly string[]): [string, Country] {
  return [
    code,
    { name: name.join(","), point: { latitude: Number(latitude), longitude: Number(longitude) } },
  ];
}
