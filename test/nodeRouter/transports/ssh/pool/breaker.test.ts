import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  afterAttempt,
  afterFailure,
  afterRefusal,
  afterSuccess,
  CLOSED,
  NEVER_PROBED,
  type Probing,
  probeWaitMs,
  waitMs,
} from "../../../../../src/nodeRouter/transports/ssh/pool/breaker.ts";
import { refused } from "../../../../support/refused.ts";

const NOW = 1_700_000_000_000;
const WHY = refused("NODE_UNREACHABLE", "refused");

test("a node that never failed is tried at once", () => {
  expect(waitMs(CLOSED, NOW)).toBe(0);
});

test("after a failure the node is left alone for a second, and no longer", () => {
  const once = afterFailure(CLOSED, NOW, WHY);
  expect(waitMs(once, NOW)).toBe(1_000);
  expect(waitMs(once, NOW + 999)).toBe(1);
  expect(waitMs(once, NOW + 1_000)).toBe(0);
});

test("the wait doubles with every failure in a row, up to a minute", () => {
  let breaker = CLOSED;
  const waits = Array.from({ length: 9 }, () => {
    breaker = afterFailure(breaker, NOW, WHY);
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
          breaker = afterFailure(breaker, NOW, WHY);
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

test("a clock that is set back makes nobody wait longer", () => {
  expect(waitMs(afterFailure(CLOSED, NOW, WHY), NOW - 3_600_000)).toBe(0);
  expect(probeWaitMs(afterAttempt(NEVER_PROBED, NOW), NOW - 3_600_000)).toBe(0);
});

describe("what presence tries of itself", () => {
  const waitsOf = (change: (probing: Probing, nowMs: number) => Probing, count: number) => {
    let probing = NEVER_PROBED;
    return Array.from({ length: count }, () => {
      probing = change(afterAttempt(probing, NOW), NOW);
      return probeWaitMs(probing, NOW) / 1_000;
    });
  };

  test("is tried every 3 s as long as no server is reached, however often it failed", () => {
    expect(waitsOf((probing) => probing, 20)).toEqual(Array.from({ length: 20 }, () => 3));
  });

  test("is tried less and less where a server was reached and refused", () => {
    expect(waitsOf(afterRefusal, 9)).toEqual([3, 3, 4, 8, 16, 32, 60, 60, 60]);
  });

  test("is tried as before after a connection that lasted, but not at once after an attempt", () => {
    const refused = afterRefusal(afterRefusal(NEVER_PROBED, NOW), NOW);
    const mended = afterSuccess(afterAttempt(refused, NOW));
    expect(mended.failures).toBe(0);
    expect(probeWaitMs(mended, NOW)).toBe(3_000);
    expect(probeWaitMs(afterRefusal(mended, NOW), NOW)).toBe(3_000);
  });
});
