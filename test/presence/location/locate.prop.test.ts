// What holds for all places that sources can name.
import fc from "fast-check";
import { expect, test } from "vitest";
import { disagree } from "../../../src/presence/location/disagreement.ts";
import { locate } from "../../../src/presence/location/locate.ts";
import type { Place } from "../../../src/presence/record.ts";
import { pointOf } from "../../../src/shared/distance.ts";
import type { LocationSource, NodeLocation } from "../../../src/shared/types.ts";

// Few values, so that places meet; some that cannot be true.
const parts = fc.record(
  {
    country: fc.constantFrom("SG", "JP", "US", "UK", "sg"),
    region: fc.constantFrom("Texas", "Kanto"),
    city: fc.constantFrom("Singapore", "Tokyo", "Nowhere"),
    latitude: fc.constantFrom(1.3, 35.7, 91, Number.NaN),
    longitude: fc.constantFrom(103.8, 139.7, -181),
    timeZone: fc.constantFrom("Asia/Tokyo", "Asia/Singapore"),
  },
  { requiredKeys: [] },
);

const SOURCES: readonly LocationSource[] = ["tailscale", "geoip", "derp", "timezone"];

const place: fc.Arbitrary<Place> = fc
  .tuple(
    parts,
    fc.constantFrom(...SOURCES),
    fc.constantFrom("exact" as const, "city" as const, "region" as const, "country" as const),
    fc.constantFrom("medium" as const, "low" as const),
    fc.constantFrom("a", "b"),
  )
  .map(([some, source, precision, confidence, detail]) => ({
    ...some,
    source,
    precision,
    confidence,
    detail,
  }));

const places = fc.array(place, { maxLength: 6 });
const declared: fc.Arbitrary<NodeLocation> = parts.map((some) => ({ ...some, source: "declared" }));

test("the order of the places changes nothing", () => {
  const shuffled = places.chain((all) =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
  );
  fc.assert(
    fc.property(fc.option(declared), shuffled, (said, [all, others]) => {
      expect(locate({ declared: said, places: others })).toEqual(locate({ declared: said, places: all }));
    }),
  );
});

test("a declared location that says anything always wins, and is the same whatever else is said", () => {
  fc.assert(
    fc.property(declared, places, (said, all) => {
      const alone = locate({ declared: said, places: [] }).location;
      fc.pre(alone !== null);
      expect(alone?.source).toBe("declared");
      expect(locate({ declared: said, places: all }).location).toEqual(alone);
    }),
  );
});

test("a less trusted place never changes the location", () => {
  fc.assert(
    fc.property(fc.option(declared), places, place, (said, all, more) => {
      const before = locate({ declared: said, places: all }).location;
      fc.pre(before !== null && SOURCES.indexOf(more.source) > SOURCES.indexOf(before.source));
      expect(locate({ declared: said, places: [...all, more] }).location).toEqual(before);
    }),
  );
});

test("every part of the location is its own source's, and its coordinates are real and come in pairs", () => {
  fc.assert(
    fc.property(fc.option(declared), places, (said, all) => {
      const { location, others } = locate({ declared: said, places: all });
      for (const one of location === null ? [] : [location, ...others]) {
        const givers = [...(said === null ? [] : [said]), ...all].filter(
          ({ source }) => source === one.source,
        );
        for (const key of ["country", "region", "city", "timeZone"] as const) {
          if (one[key] !== undefined) expect(givers.map((giver) => giver[key])).toContain(one[key]);
        }
        const hasPoint = one.latitude !== undefined || one.longitude !== undefined;
        expect(pointOf(one) !== null).toBe(hasPoint);
      }
    }),
  );
});

test("none that can be used is lost but twins, and none is told twice", () => {
  fc.assert(
    fc.property(places, (all) => {
      const { location, others } = locate({ declared: null, places: all });
      const told = location === null ? [] : [location, ...others];
      expect(told.length).toBeLessThanOrEqual(all.length);
      expect(new Set(told.map((one) => JSON.stringify(one))).size).toBe(told.length);
      expect(locate({ declared: null, places: [...all, ...all] })).toEqual({
        location,
        others,
        contradictions: locate({ declared: null, places: all }).contradictions,
      });
    }),
  );
});

test("disagreement goes both ways, and no place disagrees with itself", () => {
  fc.assert(
    fc.property(place, place, (a, b) => {
      expect(disagree(a, b)).toBe(disagree(b, a));
      expect(disagree(a, a)).toBe(false);
    }),
  );
});
