// What reports say of a place: an invented coordinate is nobody's word.
import { expect, test } from "vitest";
import { declaredPlace } from "../../../src/presence/location/cleanPlace.ts";
import { reportedPlace } from "../../../src/presence/location/reportedPlace.ts";
import type { Place } from "../../../src/presence/record.ts";
import { countryPoint } from "../../../src/shared/countries.ts";
import type { NodeLocation } from "../../../src/shared/types.ts";

const reported = (location: Omit<NodeLocation, "source">) => {
  const place = declaredPlace({ ...location, source: "declared" });
  if (place === null) throw new Error("no place");
  return reportedPlace(place);
};

test("a country alone has no coordinates, and where to draw it is said to be the country's middle", () => {
  const place = reported({ country: "CN" });
  expect(place).not.toHaveProperty("latitude");
  expect(place).not.toHaveProperty("longitude");
  expect(place).toMatchObject({ country: "CN", source: "declared", precision: "country" });
  expect(place.middle).toEqual({ of: "country", ...countryPoint("CN") });
});

test("a city alone has none either, and is drawn at the city's middle", () => {
  const place = reported({ country: "SG", city: "Singapore" });
  expect(place).not.toHaveProperty("latitude");
  expect(place.middle?.of).toBe("city");
});

test("a city that no table has is drawn as its country, not as a city", () => {
  expect(reported({ country: "SG", city: "Jurong" }).middle?.of).toBe("country");
});

test("coordinates that somebody said stay, and nothing is put beside them", () => {
  const declared = reported({ country: "CN", latitude: 31.23, longitude: 121.47 });
  expect(declared).toMatchObject({ latitude: 31.23, longitude: 121.47, precision: "exact" });
  expect(declared).not.toHaveProperty("middle");
  const point = countryPoint("CN");
  expect(reported({ country: "CN", ...point })).toMatchObject({ ...point });
  const geoip: Place = {
    country: "CN",
    latitude: 39.9,
    longitude: 116.4,
    source: "geoip",
    precision: "city",
    confidence: "medium",
    detail: "",
  };
  expect(reportedPlace(geoip)).toBe(geoip);
});

test("a place without a country has nothing to be drawn by", () => {
  expect(reported({ city: "London" })).not.toHaveProperty("middle");
});
