// Distances on the earth, and what light needs for them.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { distanceKm, estimatedRttMs, type GeoPoint, pointOf } from "../../src/shared/distance.ts";

const HALF_ROUND_KM = Math.PI * 6371.0088;

const at = (latitude: number, longitude: number): GeoPoint => ({ latitude, longitude });
const point: fc.Arbitrary<GeoPoint> = fc.record({
  latitude: fc.double({ min: -90, max: 90, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
});

describe("distanceKm", () => {
  test.each([
    ["Shanghai to Singapore", at(31.2304, 121.4737), at(1.3521, 103.8198), 3_808],
    ["Frankfurt to New York", at(50.1109, 8.6821), at(40.7128, -74.006), 6_203],
    ["Auckland to Honolulu, over the antimeridian", at(-36.85, 174.76), at(21.31, -157.86), 7_077],
    ["one degree along the equator", at(0, 10), at(0, 11), 111.2],
  ])("%s", (_, a, b, km) => {
    expect(Math.abs(distanceKm(a, b) - km) / km).toBeLessThan(0.005);
  });

  test("the antimeridian is no border: 179.9 and -179.9 are 22 km apart, not a turn of the earth", () => {
    expect(distanceKm(at(0, 179.9), at(0, -179.9))).toBeCloseTo(22.24, 1);
    expect(distanceKm(at(51, 180), at(51, -180))).toBeCloseTo(0, 6);
  });

  test("at a pole all longitudes are one place", () => {
    expect(distanceKm(at(90, 12), at(90, -170))).toBeCloseTo(0, 6);
    expect(distanceKm(at(90, 0), at(-90, 77))).toBeCloseTo(HALF_ROUND_KM, 6);
  });

  test("it is the same both ways, zero to itself, and at most half the way round", () => {
    fc.assert(
      fc.property(point, point, (a, b) => {
        expect(distanceKm(a, b)).toBeCloseTo(distanceKm(b, a), 9);
        expect(distanceKm(a, a)).toBe(0);
        expect(distanceKm(a, b)).toBeGreaterThanOrEqual(0);
        expect(distanceKm(a, b)).toBeLessThanOrEqual(HALF_ROUND_KM + 1e-6);
      }),
    );
  });

  test("no way round is shorter than the straight one", () => {
    fc.assert(
      fc.property(point, point, point, (a, b, c) => {
        expect(distanceKm(a, c)).toBeLessThanOrEqual(distanceKm(a, b) + distanceKm(b, c) + 1e-3);
      }),
    );
  });

  test("a whole turn more or less of longitude changes nothing", () => {
    fc.assert(
      fc.property(point, point, (a, b) => {
        const turned = { ...b, longitude: b.longitude + (b.longitude > 0 ? -360 : 360) };
        expect(distanceKm(a, turned)).toBeCloseTo(distanceKm(a, b), 3);
      }),
    );
  });
});

describe("estimatedRttMs", () => {
  test.each([
    [0, 0],
    [100, 1.5],
    [999, 14.985],
    [1_000, 15],
    [1_200, 15],
    [4_000, 50],
  ])("%d km of great circle are a round trip of %d ms", (km, ms) => {
    expect(estimatedRttMs(km)).toBeCloseTo(ms, 9);
  });

  test("further is never sooner, and nothing is faster than light in fibre", () => {
    const km = fc.double({ min: 0, max: 20_100, noNaN: true });
    fc.assert(
      fc.property(km, km, (a, b) => {
        const [near, far] = a < b ? [a, b] : [b, a];
        expect(estimatedRttMs(near)).toBeLessThanOrEqual(estimatedRttMs(far) + 1e-9);
        expect(estimatedRttMs(a)).toBeGreaterThanOrEqual(a / 100);
      }),
    );
  });
});

describe("pointOf", () => {
  test("takes both coordinates in their range", () => {
    expect(pointOf({ latitude: -90, longitude: 180 })).toEqual(at(-90, 180));
  });

  test.each([
    {},
    { latitude: 1 },
    { longitude: 1 },
    { latitude: 90.1, longitude: 0 },
    { latitude: 0, longitude: -180.1 },
    { latitude: Number.NaN, longitude: 0 },
    { latitude: 0, longitude: Number.POSITIVE_INFINITY },
  ])("%j is no point", (place) => {
    expect(pointOf(place)).toBe(null);
  });
});
