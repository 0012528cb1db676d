import { expect, test } from "vitest";
import { isoTime } from "../../src/shared/isoTime.ts";

test.each([[null], [Number.NaN], [Number.POSITIVE_INFINITY], [9e15], [-9e15]])(
  "no calendar has %s ms",
  (ms) => {
    expect(isoTime(ms)).toBe(null);
  },
);

test.each([
  [0, "1970-01-01T00:00:00.000Z"],
  [8.64e15, "+275760-09-13T00:00:00.000Z"],
])("%s ms are %s", (ms, text) => {
  expect(isoTime(ms)).toBe(text);
});
