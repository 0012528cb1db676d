// The committed tables: complete, consistent with each other, and right where everybody knows the answer.
import { readFileSync } from "node:fs";
import iso from "iso-3166-1";
import { describe, expect, test } from "vitest";
import { pathOf } from "../../../src/nodeRouter/surfaces/web/page/outline.ts";
import { cityPointOf } from "../../../src/presence/location/cities.ts";
import { derpCodes, derpPlaceOf } from "../../../src/presence/location/derpRegions.ts";
import { placeOfTimeZone, timeZones } from "../../../src/presence/location/timeZones.ts";
import { countryCodes, countryName, countryPoint, validCountry } from "../../../src/shared/countries.ts";
import { distanceKm } from "../../../src/shared/distance.ts";
import { safe } from "../../../src/shared/safeText.ts";
import { readTable } from "../../../src/shared/table.ts";

const SOURCE = new URL("../../../src/", import.meta.url);
const TIME_ZONE_ALIASES = new URL("presence/location/data/timeZoneAliases.csv", SOURCE);
const CITIES = new URL("presence/location/data/cities.csv", SOURCE);
const WORLD_OUTLINE = pathOf(
  readFileSync(new URL("nodeRouter/surfaces/web/page/worldOutline.svg", SOURCE), "utf8"),
).trim();

describe("countries", () => {
  test("are exactly those that ISO 3166-1 assigns", () => {
    expect([...countryCodes()].sort()).toEqual(
      iso
        .all()
        .map(({ alpha2 }) => alpha2)
        .sort(),
    );
    expect(countryCodes()).toHaveLength(249);
  });

  test("all have a name, and a point on earth to be drawn at", () => {
    for (const code of countryCodes()) {
      const point = countryPoint(code);
      expect(Math.abs(point?.latitude ?? 999), code).toBeLessThanOrEqual(90);
      expect(Math.abs(point?.longitude ?? 999), code).toBeLessThanOrEqual(180);
      const name = countryName(code) ?? "";
      expect(name).toMatch(/^\p{L}.*[\p{L})]$/u);
      expect(name).toBe(safe(name));
    }
  });

  test.each(["UK", "EU", "XK", "sg", "", "SGP", "S", "__", "toString", "AN", "SU"])("%j is none", (code) => {
    expect(validCountry(code)).toBe(false);
    expect(countryPoint(code)).toBe(null);
    expect(countryName(code)).toBe(null);
  });
});

describe("time zones", () => {
  test("all belong to a known country, and lie on earth", () => {
    expect(timeZones().size).toBeGreaterThan(400);
    for (const [name, { country, point }] of timeZones()) {
      expect(validCountry(country), name).toBe(true);
      expect(Math.abs(point.latitude), name).toBeLessThanOrEqual(90);
      expect(Math.abs(point.longitude), name).toBeLessThanOrEqual(180);
      const place = { country, timeZone: name, source: "timezone", confidence: "low" };
      expect(placeOfTimeZone(name)).toMatchObject(place);
    }
  });

  test.each([
    ["Asia/Singapore", "SG", "country"],
    ["Singapore", "SG", "country"],
    ["Asia/Shanghai", "CN", "region"],
    ["PRC", "CN", "region"],
    ["America/New_York", "US", "region"],
    ["US/Pacific", "US", "region"],
    ["Asia/Calcutta", "IN", "country"],
    ["Europe/Kiev", "UA", "region"],
    // The database leads these to other countries, whose clocks agree.
    ["Iceland", "IS", "country"],
    ["Pacific/Truk", "FM", "region"],
    ["America/Virgin", "VI", "country"],
    ["Africa/Timbuktu", "ML", "country"],
  ])("%s is of %s", (name, country, precision) => {
    expect(placeOfTimeZone(name)).toMatchObject({ country, precision, timeZone: name });
  });

  test.each([
    "UTC",
    "Etc/UTC",
    "Etc/GMT-8",
    "GMT",
    "CET",
    "EST",
    "EST5EDT",
    "WET",
    "",
    "Mars/Olympus",
    "asia/singapore",
  ])("%j is nowhere", (name) => {
    expect(placeOfTimeZone(name)).toBe(null);
  });

  test("old names stand for present ones of the same tz database", () => {
    const rows = readTable(TIME_ZONE_ALIASES);
    expect(rows.length).toBeGreaterThan(100);
    for (const [, name] of rows) {
      expect(timeZones().has(name ?? "")).toBe(true);
    }
  });
});

describe("cities", () => {
  test.each([
    ["SG", "Singapore", 1.3, 103.8],
    ["CN", "Shanghai", 31.2, 121.5],
    ["CN", "Beijing", 39.9, 116.4],
    ["DE", "Frankfurt", 50.1, 8.7],
    ["DE", "düsseldorf", 51.2, 6.8],
    ["BR", "São Paulo", -23.5, -46.6],
    ["US", "new york", 40.7, -74],
    ["US", "Ashburn", 39, -77.5],
    ["VN", "Ho Chi Minh City", 10.8, 106.7],
    ["JP", " Tōkyō ", 35.7, 139.7],
  ])("%s %j is known", (country, city, latitude, longitude) => {
    const point = cityPointOf(country, city);
    expect(point).not.toBe(null);
    if (point !== null) expect(distanceKm(point, { latitude, longitude })).toBeLessThan(25);
  });

  test.each([
    ["FR", "Singapore"],
    ["SG", "Jurong"],
    ["GB", ""],
    ["XX", "Nowhere"],
    ["", "Singapore"],
  ])("%s %j is not", (country, city) => {
    expect(cityPointOf(country, city)).toBe(null);
  });

  test.each([...derpCodes()])("the city of relay %s has the point that the relay has", (code) => {
    const place = derpPlaceOf(code, null);
    const { country = "", city = "", latitude = 0, longitude = 0 } = place ?? {};
    const point = cityPointOf(country, city);
    expect(point).not.toBe(null);
    if (point !== null) expect(distanceKm(point, { latitude, longitude })).toBeLessThan(40);
  });

  test("each of the table is in its country: nearer to its middle than 4,500 km, and twice none", () => {
    const rows = readTable(CITIES);
    expect(rows.length).toBeGreaterThan(50);
    for (const [country = "", city = "", latitude, longitude] of rows) {
      const middle = countryPoint(country);
      expect(middle, country).not.toBe(null);
      const point = { latitude: Number(latitude), longitude: Number(longitude) };
      if (middle !== null)
        expect(distanceKm(middle, point), city).toBeLessThan(country === "US" ? 6_500 : 4_500);
    }
    expect(new Set(rows.map(([country, city]) => `${country} ${city}`)).size).toBe(rows.length);
  });
});

describe("the outline of the world", () => {
  const rings = readRings();

  test("is a path of closed rings within the map, with nothing else in it", () => {
    expect(WORLD_OUTLINE).toMatch(/^(M[-\d.\s]+l[-\d.\s]+z\s*)+$/);
    expect(rings.length).toBeGreaterThan(100);
    for (const [x, y] of rings.flat()) {
      expect(Math.abs(x)).toBeLessThanOrEqual(180.001);
      expect(Math.abs(y)).toBeLessThanOrEqual(90.001);
    }
  });

  test("is small", () => {
    expect(WORLD_OUTLINE.length).toBeLessThan(40_000);
  });

  test.each([
    ["Shanghai's hinterland", 30, 115, true],
    ["Kansas", 39, -98, true],
    ["Chukotka, west of the antimeridian", 67, 178, true],
    ["Chukotka, east of it", 66.5, -175, true],
    ["the South Pole", -89, 0, true],
    ["the Pacific", 0, -150, false],
    ["the Atlantic", 30, -40, false],
    ["the sea between Australia and Antarctica", -55, 130, false],
    ["the middle of the map's upper edge", 89, 0, false],
  ])("%s", (_, latitude, longitude, isLand) => {
    expect(isInside(rings, longitude, -latitude)).toBe(isLand);
  });
});

test("the tables are small, and say their sources and dates", () => {
  for (const [file, limit, source] of [
    ["shared/data/countries.csv", 10_000, /Natural Earth 4\.1\.0 \(May 2018\).*tz database 20\d\d[a-z]/s],
    ["presence/location/data/timeZones.csv", 20_000, /tz database 20\d\d[a-z], public domain/],
    ["presence/location/data/timeZoneAliases.csv", 10_000, /tz database 20\d\d[a-z], public domain/],
    [
      "nodeRouter/surfaces/web/page/worldOutline.svg",
      40_000,
      /Natural Earth 4\.1\.0 \(May 2018\).*public domain/s,
    ],
    ["presence/location/data/cities.csv", 10_000, /by hand.*20\d\d-\d\d/s],
  ] as const) {
    const text = readFileSync(new URL(file, SOURCE), "utf8");
    expect(text.length, file).toBeLessThan(limit);
    expect(text.split("\n").slice(0, 6).join("\n"), file).toMatch(source);
    // A review reads lines, and so do grep and diff.
    expect(Math.max(...text.split("\n").map((line) => line.length)), file).toBeLessThan(130);
  }
});

function readRings(): [number, number][][] {
  return [...WORLD_OUTLINE.matchAll(/M([^l]+)l([^z]+)z/g)].map(([, start = "", steps = ""]) => {
    let [x, y] = [0, 0];
    const numbers = `${start} ${steps}`.match(/-?(?:\d+(?:\.\d+)?|\.\d+)/g)?.map(Number) ?? [];
    const ring: [number, number][] = [];
    for (let i = 0; i + 1 < numbers.length; i += 2) {
      x += numbers[i] ?? 0;
      y += numbers[i + 1] ?? 0;
      ring.push([x, y]);
    }
    return ring;
  });
}

function isInside(rings: readonly (readonly [number, number])[][], x: number, y: number): boolean {
  let isIn = false;
  for (const ring of rings) {
    for (const [index, [x1, y1]] of ring.entries()) {
      const [x2, y2] = ring[(index + 1) % ring.length] ?? [0, 0];
      if (y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) isIn = !isIn;
    }
  }
  return isIn;
}
