// What a record says, and what an odd one does not.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { placeOfRecord } from "../../../src/presence/location/geoipRecord.ts";
import { safe } from "../../../src/shared/safeText.ts";

const ADDRESS = "81.2.69.142";
const LONDON = {
  city: { geoname_id: 2643743, names: { de: "London (de)", en: "London" } },
  country: { iso_code: "GB", names: { en: "United Kingdom" } },
  location: { accuracy_radius: 10, latitude: 51.5142, longitude: -0.0931, time_zone: "Europe/London" },
  registered_country: { iso_code: "US" },
  subdivisions: [{ iso_code: "ENG", names: { en: "England" } }, { names: { en: "Greater London" } }],
};

describe("a whole record", () => {
  test("gives country, first subdivision, city, coordinates and time zone, with medium confidence", () => {
    expect(placeOfRecord(LONDON, ADDRESS)).toEqual({
      country: "GB",
      region: "England",
      city: "London",
      latitude: 51.5142,
      longitude: -0.0931,
      timeZone: "Europe/London",
      source: "geoip",
      precision: "city",
      confidence: "medium",
      detail: "endpoint 81.2.69.142",
    });
  });

  test("in the shape of DB-IP, which has neither radius nor time zone", () => {
    const record = {
      city: { names: { en: "Singapore (Downtown Core)" } },
      country: { iso_code: "SG", names: { en: "Singapore" } },
      location: { latitude: 1.27653, longitude: 103.854 },
    };
    expect(placeOfRecord(record, ADDRESS)).toMatchObject({
      country: "SG",
      precision: "city",
      confidence: "medium",
    });
  });
});

describe("less than a city", () => {
  test.each([
    ["a region", { country: { iso_code: "US" }, subdivisions: [{ names: { en: "Texas" } }] }, "region"],
    ["a country", { country: { iso_code: "US" } }, "country"],
  ])("with %s, that is the precision", (_, record, precision) => {
    expect(placeOfRecord(record, ADDRESS)?.precision).toBe(precision);
  });

  test.each([
    ["nothing", {}],
    ["where it is registered, which is not where it is", { registered_country: { iso_code: "US" } }],
    ["a continent", { continent: { code: "EU" } }],
    ["coordinates of nothing", { location: { latitude: 1, longitude: 2 } }],
    ["no record at all", null],
    ["text", "GB"],
  ])("with %s, there is no place", (_, record) => {
    expect(placeOfRecord(record, ADDRESS)).toBe(null);
  });
});

describe("confidence", () => {
  test("is low when the data itself is more than 500 km unsure, and at exactly 500 km it is not", () => {
    const at = (accuracy_radius: number) => ({
      ...LONDON,
      location: { ...LONDON.location, accuracy_radius },
    });
    expect(placeOfRecord(at(500), ADDRESS)?.confidence).toBe("medium");
    expect(placeOfRecord(at(501), ADDRESS)?.confidence).toBe("low");
  });

  test.each(["is_anycast", "is_satellite_provider", "is_anonymous_proxy"])("is low with %s", (mark) => {
    expect(placeOfRecord({ ...LONDON, traits: { [mark]: true } }, ADDRESS)?.confidence).toBe("low");
    expect(placeOfRecord({ ...LONDON, traits: { [mark]: false } }, ADDRESS)?.confidence).toBe("medium");
  });
});

describe("odd parts are absent, and the rest is kept", () => {
  test.each([
    ["a country that is not assigned", { country: { iso_code: "XX" } }, "country"],
    ["a country in small letters", { country: { iso_code: "gb" } }, "country"],
    ["a city with an escape sequence", { city: { names: { en: "\u001b[31mLondon" } } }, "city"],
    ["a city that turns the line round", { city: { names: { en: "\u202eLondon" } } }, "city"],
    ["a city of 101 letters", { city: { names: { en: "a".repeat(101) } } }, "city"],
    ["an empty city", { city: { names: { en: "  " } } }, "city"],
    ["a city without an English name", { city: { names: { de: "London" } } }, "city"],
    ["latitude 91", { location: { latitude: 91, longitude: 0 } }, "latitude"],
    ["no longitude", { location: { latitude: 51 } }, "latitude"],
    ["NaN", { location: { latitude: Number.NaN, longitude: 0 } }, "latitude"],
    ["a time zone with a space", { location: { time_zone: "Europe/ London" } }, "timeZone"],
  ])("%s", (_, odd, key) => {
    const place = placeOfRecord({ ...LONDON, ...odd }, ADDRESS);
    expect(place).not.toBe(null);
    expect(place).not.toHaveProperty(key);
  });

  test("a city that is a script is only text", () => {
    const city = { names: { en: "<script>alert(1)</script>" } };
    expect(placeOfRecord({ ...LONDON, city }, ADDRESS)?.city).toBe("<script>alert(1)</script>");
  });

  test("a record that brings a prototype of its own lends nothing from it", () => {
    const record = Object.create({ country: { iso_code: "GB" } });
    expect(placeOfRecord(record, ADDRESS)).toBe(null);
  });
});

test("any value at all gives a place that is safe to show, or none; it never throws", () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom("London", "\u001b[2J", "\u202e", "\ud800", "\u0000", "a".repeat(200)),
  );
  const odd = fc.oneof(
    text,
    fc.double(),
    fc.constantFrom(null, true, [], [null], {}, Symbol("x"), () => 1),
  );
  const names = fc.record({ names: fc.oneof(odd, fc.record({ en: odd })) });
  const point = fc.record({
    latitude: fc.double(),
    longitude: fc.double(),
    time_zone: odd,
    accuracy_radius: odd,
  });
  const record = fc.record(
    {
      country: fc.oneof(odd, fc.record({ iso_code: fc.oneof(odd, fc.constantFrom("GB", "XX")) })),
      city: fc.oneof(odd, names),
      subdivisions: fc.oneof(odd, fc.array(names, { maxLength: 2 })),
      location: fc.oneof(odd, point),
      traits: odd,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(record, odd), (value) => {
      const place = placeOfRecord(value, ADDRESS);
      for (const shown of [place?.city, place?.region, place?.timeZone])
        expect(safe(shown ?? "")).toBe(shown ?? "");
      expect(Math.abs(place?.latitude ?? 0)).toBeLessThanOrEqual(90);
      expect(Math.abs(place?.longitude ?? 0)).toBeLessThanOrEqual(180);
    }),
  );
});
