// Values whose type nobody has checked yet.
import { expect, test } from "vitest";
import { readJson, trimmedText } from "../../src/shared/jsonParts.ts";

test.each<[unknown, string | null]>([
  ["  exec ", "exec"],
  ["two words", "two words"],
  ["", null],
  [" \t\n", null],
  [7, null],
  [["exec"], null],
  [undefined, null],
])("the trimmed text of %j is %j", (value, words) => {
  expect(trimmedText(value)).toBe(words);
});

test("readJson gives the value, and null for text that is no JSON", () => {
  expect(readJson('{"a":[1]}')).toEqual({ a: [1] });
  expect(readJson("{'a':1}")).toBeNull();
  expect(readJson("")).toBeNull();
});
