// Which country a time zone belongs to: a weak hint, since a zone is a setting that people may keep anywhere.
import type { GeoPoint } from "../../shared/distance.ts";
import { once } from "../../shared/once.ts";
import { readTable } from "../../shared/table.ts";
import type { Place } from "../record.ts";

interface TimeZone {
  readonly country: string;
  /** Of the zone's principal city. */
  readonly point: GeoPoint;
}

const zones = once(
  (): ReadonlyMap<string, TimeZone> =>
    new Map(readTable(new URL("./data/timeZones.csv", import.meta.url)).map(readZone)),
);
const aliases = once(
  (): ReadonlyMap<string, string> =>
    new Map(readTable(new URL("./data/timeZoneAliases.csv", import.meta.url)).map(readAlias)),
);
const zonesOfCountry = once(countZones);

/**
 * Where such a clock is usual. `country` precision where the country has one zone, `region` where the zone narrows
 * it down; the point is the zone's principal city. Null for zones that are nowhere (`UTC`, `Etc/…`, `CET`) and for
 * names that the tz database does not place.
 * @param name IANA name; old names such as `Asia/Calcutta` and `Singapore` too.
 */
export function placeOfTimeZone(name: string): Place | null {
  const zone = zones().get(aliases().get(name) ?? name);
  if (zone === undefined) return null;
  return {
    country: zone.country,
    latitude: zone.point.latitude,
    longitude: zone.point.longitude,
    timeZone: name,
    source: "timezone",
    precision: (zonesOfCountry().get(zone.country) ?? 0) > 1 ? "region" : "country",
    confidence: "low",
    detail: `time zone ${name}`,
  };
}

/** Zones by their present names, with country and principal city's point, sorted. */
export function timeZones(): ReadonlyMap<string, TimeZone> {
  return zones();
}

function countZones(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { country } of zones().values()) counts.set(country, (counts.get(country) ?? 0) + 1);
  return counts;
}

/** `Asia/Singapore,SG,1.3,103.9` */
function readZone([name = "", country = "", latitude, longitude]: readonly string[]): [string, TimeZone] {
  return [name, { country, point: { latitude: Number(latitude), longitude: Number(longitude) } }];
}

/** `Singapore,Asia/Singapore` */
function readAlias([alias = "", name = ""]: readonly string[]): [string, string] {
  return [alias, name];
}
