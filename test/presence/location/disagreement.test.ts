// Places that exclude each other, and those that only look like it.
import { describe, expect, test } from "vitest";
import { derpPlaceOf } from "../../../src/presence/location/derpRegions.ts";
import { contradictionsOf, disagree, disagreement } from "../../../src/presence/location/disagreement.ts";
import { locate } from "../../../src/presence/location/locate.ts";
import { placeOfTimeZone } from "../../../src/presence/location/timeZones.ts";
import type { Place } from "../../../src/presence/record.ts";
import type { NodeLocation } from "../../../src/shared/types.ts";

function geoip(country: string, city: string, latitude: number, longitude: number): Place {
  return {
    country,
    city,
    latitude,
    longitude,
    source: "geoip",
    precision: "city",
    confidence: "medium",
    detail: "endpoint 1.2.3.4",
  };
}

const TOKYO = geoip("JP", "Tokyo", 35.7, 139.7);
const SINGAPORE = geoip("SG", "Singapore", 1.35, 103.8);

const located = (declared: Omit<NodeLocation, "source"> | null, ...places: (Place | null)[]) =>
  locate({
    declared: declared === null ? null : { ...declared, source: "declared" },
    places: places.filter((place) => place !== null),
  });

describe("countries", () => {
  test("that differ are kept with who says what, in order of trust", () => {
    expect(located({ country: "SG" }, placeOfTimeZone("Asia/Tokyo"), TOKYO).contradictions).toEqual([
      {
        fact: "country",
        values: [
          { value: "SG", source: "declared", atMs: null },
          { value: "JP Tokyo", source: "geoip", atMs: null },
          { value: "JP", source: "timezone", atMs: null },
        ],
      },
    ]);
  });

  test("that agree are no contradiction, also when the words differ", () => {
    expect(
      located({ country: "SG", city: "Jurong" }, SINGAPORE, placeOfTimeZone("Singapore")).contradictions,
    ).toEqual([]);
  });

  test("a place that agrees with all others is not drawn into their quarrel", () => {
    const nameless: Place = {
      timeZone: "Asia/Tokyo",
      source: "tailscale",
      precision: "country",
      confidence: "low",
      detail: "x",
    };
    const [contradiction] = located({ country: "SG" }, TOKYO, nameless).contradictions;
    expect(contradiction?.values.map(({ source }) => source)).toEqual(["declared", "geoip"]);
  });
});

describe("distance", () => {
  const shanghai = { country: "CN", city: "Shanghai", latitude: 31.23, longitude: 121.47 };

  test("of more than 500 km between cities of one country is a contradiction of the city", () => {
    const beijing = geoip("CN", "Beijing", 39.9, 116.4);
    expect(located(shanghai, beijing).contradictions).toMatchObject([{ fact: "city" }]);
  });

  test("of less is none", () => {
    const nanjing = geoip("CN", "Nanjing", 32.1, 118.8);
    expect(located(shanghai, nanjing).contradictions).toEqual([]);
  });

  test("to the mere middle of a country proves nothing", () => {
    expect(located({ country: "CN" }, geoip("CN", "Beijing", 39.9, 116.4)).contradictions).toEqual([]);
    const { others } = located(shanghai, { ...geoip("CN", "x", 35, 103), precision: "country" });
    expect(others.every((other) => !disagree(SINGAPORE, { ...other, country: "SG" }))).toBe(true);
  });
});

describe("a home relay", () => {
  test("in the neighbour's country is where it should be: Malaysia's nearest relay is in Singapore", () => {
    const { location, others, contradictions } = located(
      { country: "MY", city: "Johor Bahru" },
      derpPlaceOf("sin", null),
    );
    expect(contradictions).toEqual([]);
    expect(disagreement(location, others)).toBe(null);
  });

  test("on the other side of the world speaks against the place", () => {
    const { location, others, contradictions } = located(
      { country: "SG", city: "Singapore" },
      derpPlaceOf("fra", null),
    );
    expect(contradictions).toMatchObject([
      { fact: "country", values: [{ source: "declared" }, { source: "derp" }] },
    ]);
    expect(disagreement(location, others)).toBe(
      "declared SG Singapore, home relay fra (Frankfurt) looks like DE Frankfurt",
    );
  });

  test("far off, but the nearest there is: Perth's is in Sydney", () => {
    expect(located({ country: "AU", city: "Perth" }, derpPlaceOf("syd", null)).contradictions).toEqual([]);
  });
});

describe("disagreement", () => {
  test("says what the operator wrote and what speaks against it", () => {
    const { location, others } = located({ country: "SG" }, TOKYO, placeOfTimeZone("Asia/Tokyo"));
    expect(disagreement(location, others)).toBe(
      "declared SG, endpoint 1.2.3.4 looks like JP Tokyo, time zone Asia/Tokyo looks like JP",
    );
  });

  test("is null when all agree", () => {
    const { location, others } = located({ country: "SG" }, SINGAPORE);
    expect(disagreement(location, others)).toBe(null);
  });

  test("is null between inferred places: nobody declared anything that could be wrong", () => {
    const { location, others, contradictions } = located(null, TOKYO, placeOfTimeZone("Asia/Shanghai"));
    expect(disagreement(location, others)).toBe(null);
    expect(contradictions).toHaveLength(1);
  });

  test("is null without a location", () => {
    expect(disagreement(null, [])).toBe(null);
  });

  test("shows hostile words harmlessly", () => {
    const hostile: Place = { ...TOKYO, city: "\u001b[2J\u202eevil", detail: "\u001b]0;x\u0007" };
    const text = disagreement(located({ country: "SG" }).location, [hostile]);
    expect(text).toBe("declared SG, \\u001b]0;x\\u0007 looks like JP \\u001b[2J\\u202eevil");
    expect(JSON.stringify(contradictionsOf([SINGAPORE, hostile]))).not.toContain("\u202e");
  });
});
