import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  after as following,
  GREETING,
  LineReader,
  utf8,
} from "../../../../../src/nodeRouter/transports/ssh/session/lines.ts";
import { identityIn } from "../../../../../src/nodeRouter/transports/ssh/session/runner.ts";

const read = (chunks: readonly (string | Buffer)[], reader = new LineReader(GREETING)) =>
  chunks.flatMap((chunk) => reader.read(Buffer.from(chunk)).map(utf8));

describe("lines", () => {
  test("come whole, however the text was cut, and without their ends", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme", maxLength: 60 }), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 9 }),
        (texts, sizes) => {
          const lines = texts.map((text) => text.replaceAll(/[\r\n]/g, ""));
          const whole = Buffer.from(lines.map((line, index) => line + (index % 2 ? "\n" : "\r\n")).join(""));
          const chunks: Buffer[] = [];
          for (let at = 0, turn = 0; at < whole.length; turn += 1) {
            const size = sizes[turn % sizes.length] ?? 1;
            chunks.push(whole.subarray(at, at + size));
            at += size;
          }
          expect(read(chunks)).toEqual(lines);
        },
      ),
    );
  });

  test("without their end are no lines", () => {
    expect(read(["node-router-ready 1 2"])).toEqual([]);
  });

  test("that are too long are their end alone, and hold no more than that", () => {
    const reader = new LineReader({ lineBytes: 8, bytes: 1_000 });
    expect(read(["x".repeat(300), "abcdefgh\n", "short\n"], reader)).toEqual(["abcdefgh", "short"]);
  });

  test("are not read beyond the bound, whatever comes then", () => {
    const reader = new LineReader({ lineBytes: 8, bytes: 10 });
    expect(read(["one\n", "two\nthree\n", "four\n"], reader)).toEqual(["one"]);
    expect(reader.isExcess).toBe(true);
  });
});

describe("a word of ours", () => {
  test("counts wherever it stands in the line, the last time", () => {
    expect(following("word", "Welcome!word a word b")).toBe("b");
  });

  test("is not there when nothing follows it", () => {
    expect(following("word", "word")).toBeNull();
    expect(following("word", "words a")).toBeNull();
  });
});

describe("the line of a runner", () => {
  test.each([
    ["node-router-ready 12 7 12 4711", { processGroup: 12, parent: 7, startTime: "4711" }, true],
    [
      "node-router-ready 12 7    12 Thu Jan  1 00:00:00 1970",
      { processGroup: 12, parent: 7, startTime: "Thu Jan 1 00:00:00 1970" },
      true,
    ],
    ["node-router-ready 12 7 ", { processGroup: 12, parent: 7, startTime: "" }, true],
    ["Hello!node-router-ready 12 7 9 x", { processGroup: 12, parent: 7, startTime: "x" }, false],
    ["node-router-ready 12 7 12 $(reboot)", { processGroup: 12, parent: 7, startTime: "" }, true],
  ])("%s", (line, identity, leads) => {
    expect(identityIn(line)).toEqual({ identity, leads });
  });

  test.each([
    "node-router-ready",
    "node-router-ready 12",
    "node-router-ready 12 x",
    "node-router-ready %s %s %s",
    `node-router-ready 1 ${"1".repeat(900)}`,
    "node-router-ready -1 2 3",
    "node-router-readily 1 2 3",
  ])("is not %s", (line) => {
    expect(identityIn(line)).toBeNull();
  });
});
