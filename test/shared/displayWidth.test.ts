// Columns of a terminal that text takes.
import fc from "fast-check";
import { expect, test } from "vitest";
import { displayWidth, padEnd, padStart, wrap } from "../../src/shared/displayWidth.ts";

test.each([
  ["a flag is one symbol", "🇸🇬", 2],
  ["halfwidth katakana with its mark takes both", "ﾊﾟ", 2],
  ["a sign with a text style is narrow", "⌚︎", 1],
  ["a watch is wide", "⌚", 2],
  ["a circled number is narrow", "①", 1],
  ["a zero-width space takes nothing", "x​y", 2],
  ["Thai marks stand above their letter", "ก็", 1],
])("%s", (_, text, columns) => {
  expect(displayWidth(text)).toBe(columns);
});

test("is a function of the text alone, also where an index is passed along", () => {
  expect(["上海", "上海"].map(displayWidth)).toEqual([4, 4]);
});

test("padded text has the columns that were asked for, unless it is wider", () => {
  expect(padEnd("上海", 6)).toBe("上海  ");
  expect(padStart("上海", 6)).toBe("  上海");
  expect(padEnd("上海", 3)).toBe("上海");
});

test("wrapped lines are no wider than asked, and hold every character in order", () => {
  const word = fc.string({
    unit: fc.constantFrom("a", "é", "上", "🦞", "👩‍💻", "-"),
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), fc.integer({ min: 2, max: 20 }), (words, columns) => {
      const lines = wrap(words.join(" "), columns);
      for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
      expect(lines.join("").replaceAll(" ", "")).toBe(words.join(""));
    }),
  );
});
