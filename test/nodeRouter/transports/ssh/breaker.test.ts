import fc from "fast-check";
import { expect, test } from "vitest";
import { afterFailure, CLOSED, waitMs } from "../../../../src/nodeRouter/transports/ssh/breaker.ts";

const NOW = 1_700_000_000_000;

test("a node that never failed is tried at once", () => {
  expect(waitMs(CLOSED, NOW)).toBe(0);
});

test("after a failure the node is left alone for a second, and no longer", () => {
  const once = afterFailure(CLOSED, NOW, "refused");
  expect(waitMs(once, NOW)).toBe(1_000);
  expect(waitMs(once, NOW + 999)).toBe(1);
  expect(waitMs(once, NOW + 1_000)).toBe(0);
});

test("the wait doubles with every failure in a row, up to a minute", () => {
  let breaker = CLOSED;
  const waits = Array.from({ length: 9 }, () => {
    breaker = afterFailure(breaker, NOW, "refused");
    return waitMs(breaker, NOW) / 1_000;
  });
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
});

test("no number of failures makes the wait shorter, negative or endless", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5_000 }),
      fc.integer({ min: -1e6, max: 1e6 }),
      (failures, later) => {
        let breaker = CLOSED;
        let last = 0;
        for (let at = 0; at < failures; at += 1) {
          breaker = afterFailure(breaker, NOW, "x");
          const wait = waitMs(breaker, NOW);
          if (wait < last || wait > 60_000) return false;
          last = wait;
        }
        return breaker.failures === failures && waitMs(breaker, NOW + later) >= 0;
      },
    ),
    { numRuns: 50 },
  );
});
