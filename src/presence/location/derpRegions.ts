// Where Tailscale's relays stand. A node's home relay is the nearest one by latency, so it hints at a place. Pure.
import { type GeoPoint, pointOf } from "../../shared/distance.ts";
import { isRecord } from "../../shared/isRecord.ts";
import { fieldOf, trimmedText } from "../../shared/jsonParts.ts";
import { knownFields } from "../../shared/knownFields.ts";
import type { Place } from "../record.ts";

/** One relay region of the tailnet: `tailcfg.DERPRegion`. */
export interface DerpRegion {
  /** Up to 899 they are Tailscale's own; from 900 on the tailnet's. */
  readonly id: number;
  /** Lower case. */
  readonly code: string;
  /** `Singapore`; of Tailscale's own regions it is a city. */
  readonly name: string;
  readonly point: GeoPoint | null;
}

/** By code. */
export type DerpMap = ReadonlyMap<string, DerpRegion>;

/** Day on which the table below was what https://login.tailscale.com/derpmap/default says. */
export const DERP_TABLE_DATE = "2026-09-01";

/** Rows `code,country,city,latitude,longitude`. London's longitude has its sign wrong in the map, and right here. */
const TABLE = `
nyc,US,New York City,40.7128,-74.006
sfo,US,San Francisco,37.7775,-122.416389
sin,SG,Singapore,1.3521,103.8198
fra,DE,Frankfurt,50.1109,8.6821
syd,AU,Sydney,-33.867778,151.21
blr,IN,Bengaluru,12.9716,77.5946
tok,JP,Tokyo,35.6764,139.65
lhr,GB,London,51.5072,-0.1276
dfw,US,Dallas,32.779167,-96.808889
sea,US,Seattle,47.609722,-122.333056
sao,BR,São Paulo,-23.55,-46.633333
ord,US,Chicago,41.881944,-87.627778
den,US,Denver,39.7392,-104.9849
ams,NL,Amsterdam,52.372778,4.893611
jnb,ZA,Johannesburg,-26.204444,28.045556
mia,US,Miami,25.78,-80.21
lax,US,Los Angeles,34.05,-118.25
par,FR,Paris,48.856667,2.352222
mad,ES,Madrid,40.416944,-3.703333
hkg,HK,Hong Kong,22.3193,114.1694
tor,CA,Toronto,43.741667,-79.373333
waw,PL,Warsaw,52.23,21.011111
dbi,AE,Dubai,25.263056,55.297222
hnl,US,Honolulu,21.306944,-157.858333
nai,KE,Nairobi,-1.286389,36.817222
nue,DE,Nuremberg,49.453889,11.0775
iad,US,Ashburn,39.03,-77.471111
hel,FI,Helsinki,60.170833,24.9375
`;

interface Row {
  readonly country: string;
  readonly city: string;
  readonly point: GeoPoint;
}

const ROWS: ReadonlyMap<string, Row> = new Map(TABLE.trim().split("\n").map(readRow));

/** First number that Tailscale leaves to those who run relays of their own. */
const FIRST_OWN_ID = 900;

/** Codes of the table. */
export function derpCodes(): readonly string[] {
  return [...ROWS.keys()];
}

/**
 * Where a region stands; null for one that is not known, and for one of the tailnet's own without coordinates.
 * @param code of the home relay region, e.g. `sin`.
 * @param map of the tailnet, which knows better than the table; null: it could not be had.
 */
export function derpPlaceOf(code: string, map: DerpMap | null): Place | null {
  const key = code.toLowerCase();
  const live = map?.get(key) ?? null;
  // Who has the map knows all regions there are; and a tailnet's own may be called like one of Tailscale's.
  const row = map === null || (live !== null && live.id < FIRST_OWN_ID) ? (ROWS.get(key) ?? null) : null;
  const point = live?.point ?? row?.point;
  if (point === undefined) return null;
  // What somebody calls a relay of their own need not be a city.
  const city = row?.city ?? (live !== null && live.id < FIRST_OWN_ID ? live.name : null);
  return {
    source: "derp",
    ...knownFields({ country: row?.country, city }),
    ...point,
    precision: "city",
    confidence: "low",
    detail: `home relay ${key} (${live?.name ?? row?.city ?? key})`,
  };
}

/** Code of the region with that number; null when the map has none. */
export function derpCodeOf(id: string, map: DerpMap | null): string | null {
  for (const region of map?.values() ?? []) if (String(region.id) === id) return region.code;
  return null;
}

/** Reads `tailcfg.DERPMap` as LocalAPI gives it; null when there is no region in it. */
export function readDerpMap(value: unknown): DerpMap | null {
  const regions = fieldOf(value, "Regions");
  const map = new Map<string, DerpRegion>();
  for (const entry of isRecord(regions) ? Object.values(regions) : []) {
    const region = readRegion(entry);
    if (region !== null) map.set(region.code, region);
  }
  return map.size === 0 ? null : map;
}

function readRegion(value: unknown): DerpRegion | null {
  if (!isRecord(value)) return null;
  const { RegionID: id, Latitude: latitude, Longitude: longitude } = value;
  const code = shortText(value.RegionCode, 64);
  if (typeof id !== "number" || code === null) return null;
  return {
    id,
    code: code.toLowerCase(),
    name: shortText(value.RegionName, 128) ?? code,
    point: tailscalePoint(latitude, longitude),
  };
}

function shortText(value: unknown, most: number): string | null {
  return typeof value === "string" && value.length > most ? null : trimmedText(value);
}

/** Both or none: Go leaves a zero out, so one alone cannot be told from one that is missing. */
export function tailscalePoint(latitude: unknown, longitude: unknown): GeoPoint | null {
  if (typeof latitude !== "number" || typeof longitude !== "number") return null;
  return latitude === 0 && longitude === 0 ? null : pointOf({ latitude, longitude });
}

function readRow(line: string): [string, Row] {
  const [code = "", country = "", city = "", latitude, longitude] = line.split(",");
  return [code, { country, city, point: { latitude: Number(latitude), longitude: Number(longitude) } }];
}
