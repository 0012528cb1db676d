// Tokens that are shared out are all there again when they are added up.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  added,
  lessTokens,
  NO_TOKENS,
  shared,
  TOKEN_FIELDS,
  type TokenCount,
} from "../../src/shared/tokenCount.ts";

const count = fc.nat({ max: 10_000_000 });
const tokens: fc.Arbitrary<TokenCount> = fc.record({
  input: count,
  output: count,
  cacheRead: count,
  cacheWrite: count,
  cost: fc.double({ min: 0, max: 1_000, noNaN: true }),
  unpriced: fc.nat({ max: 50 }),
});
const weights = fc
  .array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 8 })
  .filter((list) => list.some((weight) => weight > 0));

test("parts are whole numbers, add up to the whole, and are off by less than one token", () => {
  fc.assert(
    fc.property(tokens, weights, (all, by) => {
      const parts = shared(all, by);
      const sum = parts.reduce(added, NO_TOKENS);
      const total = by.reduce((one, other) => one + other, 0);
      for (const field of TOKEN_FIELDS) {
        if (field === "cost") {
          expect(sum.cost).toBeCloseTo(all.cost, 6);
          continue;
        }
        expect(sum[field]).toBe(all[field]);
        for (const [at, part] of parts.entries()) {
          expect(Number.isInteger(part[field])).toBe(true);
          expect(Math.abs(part[field] - (all[field] * (by[at] ?? 0)) / total)).toBeLessThan(1);
        }
      }
    }),
  );
});

test("who weighs nothing gets nothing", () => {
  const [none, all] = shared({ ...NO_TOKENS, input: 7, cost: 0.5 }, [0, 3]);
  expect([none, all]).toEqual([NO_TOKENS, { ...NO_TOKENS, input: 7, cost: 0.5 }]);
});

test("what is left after taking away is never below zero", () => {
  fc.assert(
    fc.property(tokens, tokens, (one, other) => {
      expect(Object.values(lessTokens(one, other)).every((value) => value >= 0)).toBe(true);
      expect(lessTokens(added(one, other), other).input).toBe(one.input);
    }),
  );
});
