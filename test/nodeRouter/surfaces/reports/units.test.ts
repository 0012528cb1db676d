// Times and sizes: short, and never more than they are.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  shortBytes,
  shortCount,
  shortDuration,
  shortMs,
  shortNumber,
} from "../../../../src/nodeRouter/surfaces/reports/units.ts";

const GIB = 1024 ** 3;

describe("shortDuration", () => {
  test.each([
    [0, "0s"],
    [999, "0s"],
    [59_999, "59s"],
    [60_000, "1m"],
    [3_599_999, "59m"],
    [3_600_000, "1h"],
    [86_399_999, "23h"],
    [86_400_000, "1d"],
    [400 * 86_400_000, "400d"],
    [-5_000, "0s"],
  ])("%i ms is %s", (ms, text) => {
    expect(shortDuration(ms)).toBe(text);
  });

  test("it is never longer than what it stands for, and short by less than one unit", () => {
    const unitMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e12 }), (ms) => {
        const [, count = "", unit = ""] = /^(\d+)([smhd])$/.exec(shortDuration(ms)) ?? [];
        const size = unitMs[unit] ?? 0;
        expect(Number(count) * size).toBeLessThanOrEqual(ms);
        expect((Number(count) + 1) * size).toBeGreaterThan(ms);
      }),
    );
  });
});

describe("shortBytes", () => {
  test.each<[number | null, number | null, string | null]>([
    [3.2 * GIB, 16 * GIB, "3.2/16 GiB"],
    [120 * GIB, 460 * GIB, "120/460 GiB"],
    [0.4 * 1024 * GIB, 1.8 * 1024 * GIB, "0.4/1.8 TiB"],
    [0, 16 * GIB, "0/16 GiB"],
    [null, 16 * GIB, "?/16 GiB"],
    [3 * GIB, null, "3 GiB"],
    [0, null, "0 B"],
    [0, 0, "0/0 B"],
    [null, null, null],
  ])("%j of %j is %j", (part, whole, text) => {
    expect(shortBytes(part, whole)).toBe(text);
  });
});

test.each([
  [0.44, "0.4 ms"],
  [9.96, "10 ms"],
  [71.4, "71 ms"],
])("shortMs of %d is %s", (ms, text) => {
  expect(shortMs(ms)).toBe(text);
});

test.each([
  [0, "0"],
  [0.04, "0"],
  [9.94, "9.9"],
  [9.96, "10"],
  [16, "16"],
])("shortNumber of %d is %s", (value, text) => {
  expect(shortNumber(value)).toBe(text);
});

test.each([
  [0, "0"],
  [999, "999"],
  [1_000, "1k"],
  [12_400, "12k"],
  [999_499, "999k"],
  [999_500, "1M"],
  [3_140_000, "3.1M"],
])("shortCount of %i is %s", (count, text) => {
  expect(shortCount(count)).toBe(text);
});
