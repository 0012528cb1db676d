// `--since`: a time span or a date, strictly; what could mean two moments is refused.
import { expect, test } from "vitest";
import { parseSince } from "../../../../src/nodeRouter/surfaces/reports/since.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");

test.each([
  ["45s", 45_000],
  ["30m", 1_800_000],
  ["2h", 7_200_000],
  ["3d", 259_200_000],
  ["1w", 604_800_000],
])("%s is that long before now", (text, ms) => {
  expect(parseSince(text, NOW)).toBe(NOW - ms);
});

test.each([
  ["2026-11-22", "2026-11-22T00:00:00.000Z"],
  ["2026-11-22T08:00Z", "2026-11-22T08:00:00.000Z"],
  ["2026-11-22T08:00:01.5+08:00", "2026-11-22T00:00:01.500Z"],
  ["2024-02-29", "2024-02-29T00:00:00.000Z"],
])("%s is %s", (text, iso) => {
  expect(new Date(parseSince(text, NOW) ?? Number.NaN).toISOString()).toBe(iso);
});

test.each([
  ...["", " ", "2", "h", "2 h", "2H", "-2h", "0h", "02h", "1.5h", "2h30m", "2hours", "1e3s", "9999999s"],
  ...["yesterday", "2026-11-22 08:00", "2026-11-22T08:00", "2026-11-22T25:00Z", "2026-13-01", "2026-02-30"],
  ...["2026-02-30T00:00Z", "22.11.2026", "11/22/2026", "1795000000000", "2026-11-22T08:00Z ", "__proto__"],
])("%j is neither", (text) => {
  expect(parseSince(text, NOW)).toBe(null);
});
