// A map that forgets its oldest entries.
import { expect, test } from "vitest";
import { BoundedMap } from "../../src/shared/bounded.ts";

test("the oldest entry goes first, and setting one again makes it the newest", () => {
  const map = new BoundedMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.set("a", 3);
  map.set("c", 4);
  expect([...map.values()]).toEqual([3, 4]);
  expect(map.has("b")).toBe(false);
  expect(map.get("a")).toBe(3);
});

test("deleting makes room, and tells whether there was something", () => {
  const map = new BoundedMap<string, number>(2);
  map.set("a", 1);
  expect(map.delete("a")).toBe(true);
  expect(map.delete("a")).toBe(false);
  map.set("b", 2);
  map.set("c", 3);
  expect([...map.values()]).toEqual([2, 3]);
});

test("a key that every object has is a key like any other", () => {
  const map = new BoundedMap<string, number>(2);
  expect(map.get("__proto__")).toBe(undefined);
  map.set("__proto__", 1);
  expect(map.get("__proto__")).toBe(1);
});
