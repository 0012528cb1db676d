// Which country a time zone belongs to: a weak hint, since a zone is a setting that people may keep anywhere. Pure.

import type { Point } from "../../shared/distance.ts";
import type { Place } from "../record.ts";
import { TIME_ZONE_ALIASES, TIME_ZONE_TABLE } from "./timeZoneTable.ts";

interface TimeZone {
  readonly country: string;
  /** Of the zone's principal city. */
  readonly point: Point;
}

const ZONES: ReadonlyMap<string, TimeZone> = new Map(TIME_ZONE_TABLE.split(";").map(readZone));
const ALIASES: ReadonlyMap<string, string> = new Map(TIME_ZONE_ALIASES.split(";").map(readAlias));
const ZONES_OF_COUNTRY: ReadonlyMap<string, number> = countZones();

/**
 * Where such a clock is usual. `country` precision where the country has one zone, `region` where the zone narrows
 * it down; the point is the zone's principal city. Null for zones that are nowhere (`UTC`, `Etc/…`, `CET`) and for
 * names that the tz database does not place.
 * @param name IANA name; old names such as `Asia/Calcutta` and `Singapore` too.
 */
export function placeOfTimeZone(name: string): Place | null {
  const zone = ZONES.get(ALIASES.get(name) ?? name);
  if (zone === undefined) return null;
  return {
    country: zone.country,
    latitude: zone.point.latitude,
    longitude: zone.point.longitude,
    timeZone: name,
    source: "timezone",
    precision: (ZONES_OF_COUNTRY.get(zone.country) ?? 0) > 1 ? "region" : "country",
    confidence: "low",
    detail: `time zone ${name}`,
  };
}

/** Zones by their present names, with country and principal city's point, sorted. */
export function timeZones(): ReadonlyMap<string, TimeZone> {
  return ZONES;
}

function countZones(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { country } of ZONES.values()) counts.set(country, (counts.get(country) ?? 0) + 1);
  return counts;
}

/** `Asia/Singapore,SG,1.3,103.9` */
function readZone(row: string): [string, TimeZone] {
  const [name = "", country = "", latitude, longitude] = row.split(",");
  return [name, { country, point: { latitude: Number(latitude), longitude: Number(longitude) } }];
}

/** `Singapore=Asia/Singapore` */
function readAlias(row: string): [string, string] {
  const [alias = "", name = ""] = row.split("=");
  return [alias, name];
}
