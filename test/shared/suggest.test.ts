import { expect, test } from "vitest";
import { didYouMean, nearest } from "../../src/shared/suggest.ts";

test.each([
  ["perfer", "prefer", "swapped neighbours are one edit"],
  ["mac-sgg", "mac-sg", "one letter too many"],
  ["exc", "exec", "one letter too few"],
  ["SG", "sg", "case is no edit"],
])("%s is near %s: %s", (word, candidate) => {
  expect(nearest(word, ["zzzzzz", candidate])).toBe(candidate);
});

test.each([
  ["cn", "sg", "nothing in common"],
  ["hk", "sk", "one edit of a word of two letters is half of it"],
  ["sg", "sg", "the word itself is no suggestion"],
  ["a".repeat(101), "a".repeat(100), "too long to be a slip of the finger"],
])("%s is not near %s: %s", (word, candidate) => {
  expect(nearest(word, [candidate])).toBeNull();
});

test("the nearest wins, and of two equally near the first", () => {
  expect(nearest("abcdef", ["abcdxy", "abcdex", "abcdez"])).toBe("abcdex");
});

test("the suggestion is a question with the word in quotes, or nothing", () => {
  expect(didYouMean("perfer", ["prefer"])).toBe('did you mean "prefer"?');
  expect(didYouMean("perfer", [])).toBeNull();
});
