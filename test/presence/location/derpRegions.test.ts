// Where a home relay stands: the tailnet's own map first, else the table of this package; never a guess.
import { describe, expect, test } from "vitest";
import {
  DERP_TABLE_DATE,
  type DerpMap,
  derpCodeOf,
  derpCodes,
  derpPlaceOf,
  readDerpMap,
} from "../../../src/presence/location/derpRegions.ts";
import { countryName } from "../../../src/shared/countries.ts";

const SIN = {
  RegionID: 3,
  RegionCode: "sin",
  RegionName: "Singapore",
  Latitude: 1.35,
  Longitude: 103.82,
  Nodes: [],
};

function mapOf(...regions: unknown[]): DerpMap {
  const map = readDerpMap({ Regions: Object.fromEntries(regions.map((region, index) => [index, region])) });
  return map ?? expect.unreachable("no map");
}

describe("the table", () => {
  test("has a place of a real country for every region, and its date", () => {
    expect(derpCodes().length).toBe(28);
    for (const code of derpCodes()) {
      const place = derpPlaceOf(code, null);
      expect(place?.city, code).toMatch(/^\p{L}[\p{L} ]+$/u);
      expect(countryName(place?.country ?? ""), code).not.toBeNull();
      expect(Math.abs(place?.latitude ?? 99), code).toBeLessThan(66);
      expect(Math.abs(place?.longitude ?? 199), code).toBeLessThan(180);
    }
    expect(DERP_TABLE_DATE).toMatch(/^20\d\d-\d\d-\d\d$/);
  });

  test("answers while there is no map, as an uncertain hint", () => {
    expect(derpPlaceOf("sin", null)).toEqual({
      source: "derp",
      country: "SG",
      city: "Singapore",
      latitude: 1.3521,
      longitude: 103.8198,
      precision: "city",
      confidence: "low",
      detail: "home relay sin (Singapore)",
    });
    expect(derpPlaceOf("SIN", null)).toEqual(derpPlaceOf("sin", null));
  });

  test.each(["", "xxx", "__proto__", "constructor"])("does not know %j", (code) => {
    expect(derpPlaceOf(code, null)).toBeNull();
  });
});

describe("the tailnet's map", () => {
  test("knows better where a region of Tailscale's stands", () => {
    expect(derpPlaceOf("sin", mapOf(SIN))).toMatchObject({
      country: "SG",
      latitude: 1.35,
      longitude: 103.82,
    });
  });

  test("may be older than coordinates: then the table has them", () => {
    const { Latitude: _, Longitude: __, ...old } = SIN;
    expect(derpPlaceOf("sin", mapOf(old))).toMatchObject({ country: "SG", latitude: 1.3521 });
  });

  test("may have a new region of Tailscale's, whose country nobody told", () => {
    const place = derpPlaceOf(
      "osl",
      mapOf({ ...SIN, RegionID: 29, RegionCode: "osl", RegionName: "Oslo", Latitude: 59.9 }),
    );
    expect(place).toMatchObject({ city: "Oslo", latitude: 59.9, detail: "home relay osl (Oslo)" });
    expect(place).not.toHaveProperty("country");
  });

  test("has the last word on a relay of the tailnet's own, also when it is called like one of Tailscale's", () => {
    const own = { RegionID: 900, RegionCode: "sin", RegionName: "Our cellar" };
    expect(derpPlaceOf("sin", mapOf(own))).toBeNull();
    const place = derpPlaceOf("sin", mapOf({ ...own, Latitude: 52.5, Longitude: 13.4 }));
    expect(place).toMatchObject({ latitude: 52.5, longitude: 13.4, detail: "home relay sin (Our cellar)" });
    expect(place).not.toHaveProperty("country");
    expect(place).not.toHaveProperty("city");
  });

  test("that lacks a region is not helped out by the table: the tailnet left it out", () => {
    expect(derpPlaceOf("fra", mapOf(SIN))).toBeNull();
  });

  test("finds a region's code by its number", () => {
    expect(derpCodeOf("3", mapOf(SIN))).toBe("sin");
    expect(derpCodeOf("4", mapOf(SIN))).toBeNull();
    expect(derpCodeOf("3", null)).toBeNull();
  });

  test.each([
    null,
    [],
    "x",
    {},
    { Regions: null },
    { Regions: {} },
    {
      Regions: {
        1: null,
        2: 7,
        3: { RegionID: "3", RegionCode: "sin" },
        4: { RegionID: 4, RegionCode: " " },
      },
    },
  ])("%j is none", (value) => {
    expect(readDerpMap(value)).toBeNull();
  });

  test.each([
    { Latitude: 91 },
    { Longitude: -181 },
    { Latitude: Number.NaN },
    { Latitude: "1.3" },
    { Latitude: 0, Longitude: 0 },
    { Longitude: undefined },
  ])("takes no point from %j", (changes) => {
    expect(mapOf({ ...SIN, ...changes }).get("sin")).toMatchObject({ point: null });
  });
});
