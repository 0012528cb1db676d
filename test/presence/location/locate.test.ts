// Where a node is: whom to believe, what is never mixed, and what is kept of the rest.
import { describe, expect, test } from "vitest";
import { locate } from "../../../src/presence/location/locate.ts";
import { placeOfTimeZone } from "../../../src/presence/location/timeZones.ts";
import type { Place } from "../../../src/presence/record.ts";
import { distanceKm, pointOf } from "../../../src/shared/distance.ts";
import type { NodeLocation } from "../../../src/shared/types.ts";

const declared = (parts: Omit<NodeLocation, "source">): NodeLocation => ({ ...parts, source: "declared" });

const GEOIP: Place = {
  country: "JP",
  city: "Tokyo",
  latitude: 35.7,
  longitude: 139.7,
  timeZone: "Asia/Tokyo",
  source: "geoip",
  precision: "city",
  confidence: "medium",
  detail: "endpoint 1.2.3.4",
};
const TAILSCALE: Place = {
  ...GEOIP,
  country: "SE",
  city: "Stockholm",
  latitude: 59.3,
  longitude: 18.1,
  source: "tailscale",
  detail: "Tailscale",
};
const DERP: Place = {
  country: "SG",
  city: "Singapore",
  latitude: 1.35,
  longitude: 103.8,
  source: "derp",
  precision: "city",
  confidence: "low",
  detail: "home relay sin (Singapore)",
};
const ZONE = placeOfTimeZone("Asia/Shanghai");
if (ZONE === null) throw new Error("Asia/Shanghai is in the table");

describe("trust", () => {
  test("declared, then Tailscale's, GeoIP, home relay, time zone", () => {
    const all = [ZONE, DERP, GEOIP, TAILSCALE];
    const { location, others } = locate({ declared: declared({ country: "DE" }), places: all });
    expect([location, ...others].map((place) => place?.source)).toEqual([
      "declared",
      "tailscale",
      "geoip",
      "derp",
      "timezone",
    ]);
  });

  test("without a declared one the best of the others is the location", () => {
    expect(locate({ declared: null, places: [DERP, GEOIP] }).location).toEqual(GEOIP);
    expect(locate({ declared: null, places: [ZONE] }).location).toEqual(ZONE);
  });

  test("of two places of one source the more exact goes first, then the surer", () => {
    const country: Place = { ...GEOIP, precision: "country", detail: "endpoint 5.6.7.8" };
    const low: Place = { ...GEOIP, confidence: "low", detail: "endpoint 9.9.9.9" };
    expect(locate({ declared: null, places: [country, low, GEOIP] }).location).toEqual(GEOIP);
    expect(locate({ declared: null, places: [country, low] }).location).toEqual(low);
  });

  test("nothing said is no location, not some default", () => {
    expect(locate({ declared: null, places: [] })).toEqual({
      location: null,
      others: [],
      contradictions: [],
    });
  });

  test("a declared location that says nothing leaves the word to the others", () => {
    expect(locate({ declared: declared({}), places: [GEOIP] }).location).toEqual(GEOIP);
  });

  test("the same place twice is told once", () => {
    expect(locate({ declared: null, places: [GEOIP, { ...GEOIP }] }).others).toEqual([]);
  });
});

describe("a declared location", () => {
  test("gets nothing from an inferred one, not even what it lacks", () => {
    const { location } = locate({ declared: declared({ country: "JP" }), places: [GEOIP] });
    expect(location).toMatchObject({ country: "JP", source: "declared", confidence: "high" });
    expect(location).not.toHaveProperty("city");
    expect(location).not.toHaveProperty("timeZone");
    // The middle of Japan by our own table, and not the Tokyo of the endpoint.
    expect(location?.latitude).not.toBe(GEOIP.latitude);
  });

  test("with coordinates is exact and keeps them", () => {
    const { location } = locate({
      declared: declared({ country: "CN", city: "Shanghai", latitude: 31.23, longitude: 121.47 }),
      places: [],
    });
    expect(location).toMatchObject({
      latitude: 31.23,
      longitude: 121.47,
      precision: "exact",
      source: "declared",
    });
  });

  test("with a city that we know is drawn there, and says city", () => {
    const { location } = locate({ declared: declared({ country: "SG", city: "Singapore" }), places: [] });
    expect(location).toMatchObject({ precision: "city", source: "declared", city: "Singapore" });
    const point = location === null ? null : pointOf(location);
    if (point === null) throw new Error("no point");
    expect(distanceKm(point, { latitude: 1.35, longitude: 103.82 })).toBeLessThan(20);
  });

  test("with a city that we do not know is drawn in its country, and says so: the point is no city's", () => {
    const { location } = locate({ declared: declared({ country: "SG", city: "Jurong" }), places: [] });
    expect(location).toMatchObject({ precision: "country", city: "Jurong", country: "SG" });
    expect(location).toHaveProperty("latitude");
  });

  test("with a city and no country gets no point: there is a London in Canada, too", () => {
    const { location } = locate({ declared: declared({ city: "London" }), places: [GEOIP] });
    expect(location).toMatchObject({ city: "London", source: "declared" });
    expect(location).not.toHaveProperty("latitude");
  });

  test("with a time zone alone is still what the operator said", () => {
    const { location } = locate({ declared: declared({ timeZone: "Asia/Tokyo" }), places: [GEOIP] });
    expect(location).toMatchObject({ timeZone: "Asia/Tokyo", source: "declared" });
    expect(location).not.toHaveProperty("country");
  });
});

describe("what cannot be true", () => {
  test.each([
    ["a country that is not assigned", { country: "UK" }, "country"],
    ["half a point", { longitude: undefined }, "latitude"],
    ["a point outside the world", { latitude: 1e9 }, "latitude"],
    ["a point that is no number", { longitude: Number.NaN }, "latitude"],
  ])("%s is left out, and the rest is kept", (_, odd, key) => {
    const place = { ...GEOIP, city: "Nowhere", country: undefined, ...odd };
    const { location } = locate({ declared: null, places: [withoutUndefined(place)] });
    expect(location).toMatchObject({ city: "Nowhere" });
    expect(location).not.toHaveProperty(key);
  });

  test("a place of which nothing is left is none", () => {
    const nothing: Place = {
      country: "UK",
      source: "tailscale",
      precision: "country",
      confidence: "medium",
      detail: "x",
    };
    expect(locate({ declared: null, places: [nothing, DERP] }).location).toEqual(DERP);
  });

  test("an inferred country without coordinates is drawn in that country", () => {
    const place: Place = {
      country: "SG",
      source: "geoip",
      precision: "country",
      confidence: "medium",
      detail: "x",
    };
    expect(locate({ declared: null, places: [place] }).location).toMatchObject({
      latitude: 1.36,
      longitude: 103.81,
      precision: "country",
    });
  });
});

function withoutUndefined(
  place: { [K in keyof Place]?: Place[K] | undefined } & Pick<
    Place,
    "source" | "precision" | "confidence" | "detail"
  >,
): Place {
  const { country, region, city, latitude, longitude, timeZone, ...rest } = place;
  return {
    ...rest,
    ...(country === undefined ? {} : { country }),
    ...(region === undefined ? {} : { region }),
    ...(city === undefined ? {} : { city }),
    ...(latitude === undefined ? {} : { latitude }),
    ...(longitude === undefined ? {} : { longitude }),
    ...(timeZone === undefined ? {} : { timeZone }),
  };
}
