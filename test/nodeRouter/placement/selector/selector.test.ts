// Reading, printing and matching selectors, one rule of the grammar a test.
import { describe, expect, test } from "vitest";
import { parseSelector } from "../../../../src/nodeRouter/placement/selector/parser.ts";
import { matches, printSelector } from "../../../../src/nodeRouter/placement/selector/selector.ts";
import { selectorOf, tagsOf } from "../arrange.ts";

describe("parseSelector", () => {
  test("keeps the requirements in the order written and the text as written", () => {
    expect(parseSelector("  region in (sg, hk),gpu , !spot,node.os==macos ")).toEqual({
      ok: true,
      selector: {
        text: "region in (sg, hk),gpu , !spot,node.os==macos",
        requirements: [
          { key: "region", operator: "in", values: ["hk", "sg"] },
          { key: "gpu", operator: "exists", values: [] },
          { key: "spot", operator: "notexists", values: [] },
          { key: "node.os", operator: "=", values: ["macos"] },
        ],
      },
    });
  });

  test.each([
    ["gpu in nvidia", 8, 'found "nvidia", expected "("'],
    ["", 1, 'found the end, expected a tag key or "!"'],
    ["   ", 4, 'found the end, expected a tag key or "!"'],
    ["region=sg,", 11, 'found the end, expected a tag key or "!"'],
    [",region=sg", 1, 'found ",", expected a tag key or "!"'],
    ["=sg", 1, 'found "=", expected a tag key or "!"'],
    ["!", 2, "found the end, expected a tag key"],
    ["!!gpu", 2, 'found "!", expected a tag key'],
    ["!gpu=a", 5, 'found "=", expected "," or the end'],
    ["gpu nvidia", 5, 'found "nvidia", expected "=", "!=", "in", "notin", "," or the end'],
    ["gpu IN (a)", 5, 'found "IN", expected "=", "!=", "in", "notin", "," or the end'],
    ["cores>8", 6, 'found ">", expected "=", "!=", "in", "notin", "," or the end'],
    ["region=sg hk", 11, 'found "hk", expected "," or the end'],
    ["region===sg", 9, 'found "=", expected a value, "," or the end'],
    ["region!=!sg", 9, 'found "!", expected a value, "," or the end'],
    ["region in (sg", 14, 'found the end, expected a value, "," or ")"'],
    ["region in (sg hk)", 15, 'found "hk", expected a value, "," or ")"'],
    ["region in (sg)) ", 15, 'found ")", expected "," or the end'],
    ["region notin", 13, 'found the end, expected "("'],
  ])("refuses %j at column %i", (text, column, problem) => {
    const message = `selector "${text}" at column ${column}: ${problem}`;
    expect(parseSelector(text)).toEqual({ ok: false, message, column });
  });

  test("checks keys and values as tags are checked, and points at the bad one", () => {
    const rule = 'made of letters, digits, "-", "_" and ".", beginning and ending with a letter or digit';
    expect(parseSelector("gpu, _a")).toEqual({
      ok: false,
      column: 6,
      message: `selector "gpu, _a" at column 6: its key "_a" must be 1 to 63 characters ${rule}`,
    });
    expect(parseSelector("region in (sg,新加坡)")).toEqual({
      ok: false,
      column: 15,
      message: `selector "region in (sg,新加坡)" at column 15: its value "新加坡" must be empty or at most 63 characters ${rule}`,
    });
  });

  test("never repeats a control character raw", () => {
    expect(parseSelector("gpu \u001b[2J")).toEqual({
      ok: false,
      column: 5,
      message:
        'selector "gpu \\u001b[2J" at column 5: found "\\u001b[2J", expected "=", "!=", "in", "notin", "," or the end',
    });
  });

  test("reads in and notin as ordinary words where a key or a value is expected", () => {
    expect(printSelector(selectorOf("in in (notin),notin=in"))).toBe("in in (notin),notin=in");
  });
});

describe("printSelector", () => {
  test.each([
    ["region == sg", "region=sg"],
    ["region=", "region="],
    ["region != cn", "region!=cn"],
    ["region in ( sg , hk,sg)", "region in (hk,sg)"],
    ["region in ()", "region in ()"],
    ["region in (,)", "region in ()"],
    ["region notin (b,,a)", "region notin (,a,b)"],
    ["! spot ,\tgpu\n", "!spot,gpu"],
    ["b,a,b", "b,a,b"],
  ])("prints %j as %j", (text, printed) => {
    expect(printSelector(selectorOf(text))).toBe(printed);
  });
});

describe("matches", () => {
  test.each([
    ["region=sg", ["region=sg"]],
    ["region==sg", ["region=sg", "gpu"]],
    ["region!=cn", ["region=sg"]],
    ["region!=cn", ["gpu"]],
    ["region in (sg,hk)", ["region=hk"]],
    ["region notin (cn)", ["region=sg"]],
    ["region notin (cn)", []],
    ["gpu", ["gpu"]],
    ["gpu", ["gpu=nvidia"]],
    ["gpu=", ["gpu"]],
    ["!spot", ["gpu"]],
    ["!gpu", []],
    ["region=sg,gpu,!spot", ["region=sg", "gpu"]],
    ["node.os=macos", ["node.os=macos"]],
  ])("%j matches %j", (text, tags) => {
    expect(matches(selectorOf(text), tagsOf(...tags))).toBe(true);
  });

  test.each([
    ["region=sg", ["region=cn"]],
    ["region=sg", []],
    ["region=sg", ["region=SG"]],
    ["region=", []],
    ["region!=cn", ["region=cn"]],
    ["region in (sg,hk)", ["region=cn"]],
    ["region in (sg,hk)", []],
    ["region notin (cn)", ["region=cn"]],
    ["gpu", ["region=gpu"]],
    ["!gpu", ["gpu=nvidia"]],
    ["region=sg,gpu", ["region=sg"]],
    ["region=sg,region=cn", ["region=sg"]],
  ])("%j does not match %j", (text, tags) => {
    expect(matches(selectorOf(text), tagsOf(...tags))).toBe(false);
  });

  test("a property that every object has is not a tag", () => {
    expect(matches(selectorOf("constructor"), tagsOf())).toBe(false);
    expect(matches(selectorOf("!constructor"), tagsOf())).toBe(true);
    expect(matches(selectorOf("constructor"), tagsOf("constructor"))).toBe(true);
  });
});
