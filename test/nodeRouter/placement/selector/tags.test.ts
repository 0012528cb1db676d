// Which tags are accepted, and what a refused one is told.
import { describe, expect, test } from "vitest";
import { isBuiltinKey, parseTag, printTag } from "../../../../src/nodeRouter/placement/selector/tags.ts";

const PART = 'made of letters, digits, "-", "_" and ".", beginning and ending with a letter or digit';

describe("parseTag", () => {
  test.each([
    ["region=sg", "region", "sg"],
    ["gpu", "gpu", ""],
    ["gpu=", "gpu", ""],
    ["example.com/tier=prod-1_a.B", "example.com/tier", "prod-1_a.B"],
    ["node.os=macos", "node.os", "macos"],
    ["a=b", "a", "b"],
  ])("reads %j", (text, key, value) => {
    expect(parseTag(text)).toEqual({ ok: true, key, value });
  });

  test.each(["constructor", "toString", "hasOwnProperty"])(
    "reads %j as an ordinary key, not a property of objects",
    (text) => {
      expect(parseTag(text)).toEqual({ ok: true, key: text, value: "" });
    },
  );

  test("accepts a name and a value of 63 characters, not of 64", () => {
    const longest = "a".repeat(63);
    expect(parseTag(`${longest}=${longest}`)).toEqual({ ok: true, key: longest, value: longest });
    expect(parseTag(`${longest}a`).ok).toBe(false);
    expect(parseTag(`a=${longest}a`).ok).toBe(false);
  });

  test("accepts a prefix of 253 characters, not of 254", () => {
    expect(parseTag(`${"a".repeat(253)}/b`).ok).toBe(true);
    expect(parseTag(`${"a".repeat(254)}/b`).ok).toBe(false);
  });

  test.each([
    ["", `tag "": its key "" must be 1 to 63 characters ${PART}`],
    ["=sg", `tag "=sg": its key "" must be 1 to 63 characters ${PART}`],
    ["__proto__", `tag "__proto__": its key "__proto__" must be 1 to 63 characters ${PART}`],
    [" gpu", `tag " gpu": its key " gpu" must be 1 to 63 characters ${PART}`],
    ["gpu-", `tag "gpu-": its key "gpu-" must be 1 to 63 characters ${PART}`],
    ["地区=sg", `tag "地区=sg": its key "地区" must be 1 to 63 characters ${PART}`],
    ["region=s g", `tag "region=s g": its value "s g" must be empty or at most 63 characters ${PART}`],
    ["region=a=b", `tag "region=a=b": its value "a=b" must be empty or at most 63 characters ${PART}`],
    [
      "region=sg\n",
      `tag "region=sg\\u000a": its value "sg\\u000a" must be empty or at most 63 characters ${PART}`,
    ],
    ["a/b/c", `tag "a/b/c": its key "b/c" must be 1 to 63 characters ${PART}`],
    [
      "Example.com/tier",
      'tag "Example.com/tier": the prefix "Example.com" of its key must be a lower-case DNS name of at most 253 characters',
    ],
    [
      "/tier",
      'tag "/tier": the prefix "" of its key must be a lower-case DNS name of at most 253 characters',
    ],
  ])("refuses %j as a value, without throwing", (text, message) => {
    expect(parseTag(text)).toEqual({ ok: false, message });
  });

  test("takes no longer for a long hostile tag than for a long good one", () => {
    // Quadratic backtracking over 100,000 characters would take minutes, past the test's time limit.
    expect(parseTag(`${"a-".repeat(50_000)}!`).ok).toBe(false);
    expect(parseTag(`${"a.".repeat(50_000)}!/b`).ok).toBe(false);
  });
});

test("a tag prints as config writes it", () => {
  expect(printTag("region", "sg")).toBe("region=sg");
  expect(printTag("gpu", "")).toBe("gpu");
});

test("only the prefix node. with its dot is built in", () => {
  expect(isBuiltinKey("node.os")).toBe(true);
  expect(isBuiltinKey("nodes.os")).toBe(false);
  expect(isBuiltinKey("node")).toBe(false);
  expect(isBuiltinKey("example.com/node.os")).toBe(false);
});
