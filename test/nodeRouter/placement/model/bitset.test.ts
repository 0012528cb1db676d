// Sets of positions at the edges of their words.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  add,
  type Bitset,
  count,
  countWithout,
  emptySet,
  fullSet,
  has,
  intersect,
  nextIn,
  remove,
  without,
} from "../../../../src/nodeRouter/placement/model/bitset.ts";

const SIZE = 70;
const positions = fc.uniqueArray(fc.integer({ min: 0, max: SIZE - 1 }));

function setOf(members: readonly number[]): Bitset {
  const set = emptySet(SIZE);
  for (const member of members) add(set, member);
  return set;
}

function membersOf(set: Bitset): number[] {
  const members: number[] = [];
  for (let at = nextIn(set, 0); at >= 0; at = nextIn(set, at + 1)) members.push(at);
  return members;
}

test.each([0, 1, 31, 32, 33, 64, 70])("a full set of %i has that many members and none beyond", (size) => {
  const set = fullSet(size);
  expect(count(set)).toBe(size);
  expect(membersOf(set)).toEqual(Array.from({ length: size }, (_, position) => position));
  expect(has(set, size)).toBe(false);
});

test("members come back in ascending order, whatever the order of adding", () => {
  fc.assert(
    fc.property(positions, (members) => {
      expect(membersOf(setOf(members))).toEqual([...members].sort((a, b) => a - b));
      expect(count(setOf(members))).toBe(members.length);
    }),
  );
});

test("set arithmetic agrees with that of Set", () => {
  fc.assert(
    fc.property(positions, positions, (left, right) => {
      const rest = [...left].filter((one) => !right.includes(one)).sort((a, b) => a - b);
      expect(membersOf(without(setOf(left), setOf(right)))).toEqual(rest);
      expect(countWithout(setOf(left), setOf(right))).toBe(rest.length);
      const both = setOf(left);
      intersect(both, setOf(right));
      expect(membersOf(both)).toEqual([...left].filter((one) => right.includes(one)).sort((a, b) => a - b));
      const removed = setOf(left);
      for (const one of right) remove(removed, one);
      expect(membersOf(removed)).toEqual(rest);
    }),
  );
});

test("an empty set has no next member", () => {
  expect(nextIn(emptySet(SIZE), 0)).toBe(-1);
  expect(nextIn(emptySet(0), 0)).toBe(-1);
  expect(nextIn(setOf([3]), 4)).toBe(-1);
});
