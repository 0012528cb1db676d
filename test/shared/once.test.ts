// What is made at its first use is made once.
import { expect, test, vi } from "vitest";
import { onceFor } from "../../src/shared/once.ts";

test("onceFor makes the value of a key at its first call, and another one for an equal key that is another object", () => {
  const make = vi.fn((names: readonly string[]) => new Set(names));
  const setOf = onceFor(make);
  const names = ["a"];
  expect(setOf(names)).toBe(setOf(names));
  expect(setOf(["a"])).not.toBe(setOf(names));
  expect(make).toHaveBeenCalledTimes(2);
});

test("onceFor tries again at the next call where making threw", () => {
  const make = vi.fn((key: object) => ({ key }));
  make.mockImplementationOnce(() => {
    throw new Error("not now");
  });
  const holderOf = onceFor(make);
  const key = {};
  expect(() => holderOf(key)).toThrow("not now");
  expect(holderOf(key)).toEqual({ key });
});
