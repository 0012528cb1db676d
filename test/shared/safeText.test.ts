// Names and texts from outside, as sentences hold them.
import { describe, expect, test } from "vitest";
import { isPrintable, nameText, quote, safe, shortened } from "../../src/shared/safeText.ts";

describe("nameText", () => {
  test.each(["mac-sg", "worker_1", "a.b.example", "5a5a", "上海办公室", "新加坡🦞", "서울-1"])(
    "%s stands as it is",
    (name) => {
      expect(nameText(name)).toBe(name);
    },
  );

  test.each([
    ["mac-sg (SG, declared) · rule singapore", '"mac-sg (SG, declared) · rule singapore"'],
    ["two words", '"two words"'],
    ['a"b', '"a\\"b"'],
    ["", '""'],
    ["-rf", '"-rf"'],
    ["mаc-sg", '"mаc-sg"'],
    ["a\nb", '"a\\u000ab"'],
    ["mac\u200b-sg", '"mac\\u200b-sg"'],
    ["mac\u3164", '"mac\\u3164"'],
    ["[node-router]", '"[node-router]"'],
  ])("%j is quoted", (name, text) => {
    expect(nameText(name)).toBe(text);
  });

  test("a longer one than any configured name is cut, and quoted", () => {
    expect(nameText("x".repeat(253))).toBe("x".repeat(253));
    expect(nameText("x".repeat(254))).toBe(`"${"x".repeat(252)}…"`);
  });
});

test("what no screen shows is written out", () => {
  for (const unseen of [
    "\u0000",
    "\u001b",
    "\u007f",
    "\u009b",
    "\u00ad",
    "\u200b",
    "\u200d",
    "\u202e",
    "\u2028",
    "\u2060",
    "\u3164",
    "\ufe0f",
    "\ufeff",
    "\ufff9",
    "\u{e0041}",
  ]) {
    const written = safe(`a${unseen}b`);
    expect(written).toMatch(/^a(\\u[0-9a-f]{4})+b$/);
    expect(safe(written)).toBe(written);
    expect(quote(unseen)).not.toContain(unseen);
  }
});

test("text is printable when nothing of it is written otherwise, and not when a screen would hide or obey a part", () => {
  expect(isPrintable("mac-sg, Größe 新加坡")).toBe(true);
  expect(isPrintable("mac\u200bsg")).toBe(false);
  expect(isPrintable("mac\nsg")).toBe(false);
});

test("a text is shortened by code points, so that no character is cut in two, and one that fits stays whole", () => {
  expect(shortened("😀😀😀", 3)).toBe("😀😀😀");
  expect(shortened("😀😀😀😀", 3)).toBe("😀😀…");
});
