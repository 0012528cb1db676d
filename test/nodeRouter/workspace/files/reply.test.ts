// Replies as different systems print them, and those that are not whole.
import { expect, test } from "vitest";
import {
  endedWell,
  takeEntries,
  takeFacts,
  takeFields,
  takeSummary,
} from "../../../../src/nodeRouter/workspace/files/reply.ts";

test("facts of GNU, busybox and BSD say the same", () => {
  const gnu = "12 1700000000 644 1000:1000 2023-11-14 22:13:20.250000000 +0000";
  const busybox = "12 1700000000 644 1000:1000 2023-11-14 22:13:20.000000000 +0000";
  const bsd = "12 1700000000.250000000 644 501:20";
  expect(takeFacts("f", gnu)).toEqual({ type: "file", size: 12, mtimeMs: 1_700_000_000_250 });
  expect(takeFacts("f", busybox)).toEqual({ type: "file", size: 12, mtimeMs: 1_700_000_000_000 });
  expect(takeFacts("d", bsd)).toEqual({ type: "directory", size: 12, mtimeMs: 1_700_000_000_250 });
  expect(takeFacts("o", "0 -5 600 0:0")).toEqual({ type: "other", size: 0, mtimeMs: -5000 });
});

test("facts of nothing known are none", () => {
  expect(takeFacts("f", "")).toBeNull();
  expect(takeFacts("f", "illegal option")).toBeNull();
  expect(takeFacts("f", `${"1".repeat(400)} 1700000000 644 0:0`)).toBeNull();
  expect(takeFacts("motd\nf", "12 1700000000 644 0:0")).toBeNull();
});

test("fields end with NUL, and what is behind them is raw", () => {
  const reply = Buffer.from("one\0\0three\n\0raw\0\xff", "latin1");
  expect(takeFields(reply, 3)?.fields).toEqual(["one", "", "three\n"]);
  expect(takeFields(reply, 3)?.rest).toEqual(Buffer.from("raw\0\xff", "latin1"));
  expect(takeFields(Buffer.from("one\0tw"), 2)).toBeNull();
});

test("a listing is whole or nothing", () => {
  expect(takeEntries(Buffer.from(""))).toEqual([]);
  expect(takeEntries(Buffer.from("da\0fb\nc\0"))).toEqual([
    { name: "a", isDirectory: true },
    { name: "b\nc", isDirectory: false },
  ]);
  for (const cut of ["da\0fb", "da\0\0", "xa\0", "d\0"]) expect(takeEntries(Buffer.from(cut))).toBeNull();
});

test("a read ended well when dd came to the end of the file without an error", () => {
  expect(endedWell("0+1 records in\n0+1 records out\n5 bytes copied\nend 0\n", 3)).toBe(true);
  expect(endedWell("2+1 records in\n2+1 records out\nend 0\n", 3)).toBe(false);
  expect(endedWell("0+1 records in\n0+1 records out\nend 1\n", 3)).toBe(false);
  expect(endedWell("sh: cannot open ./a: Permission denied\nend 2\n", 3)).toBe(false);
  expect(endedWell("", 3)).toBe(false);
});

test("what the tools said before the end is kept apart from the summary", () => {
  const failed =
    "dd: error reading 'standard input': Input/output error\n0+0 records in\n0+0 records out\nend 1\n";
  expect(takeSummary(failed)).toEqual({
    isWell: false,
    blocks: 0,
    rest: "dd: error reading 'standard input': Input/output error",
  });
  expect(takeSummary("sh: 3: cannot open ./a: Permission denied\nend 2\n").rest).toBe(
    "sh: 3: cannot open ./a: Permission denied",
  );
});

test("a file's name that looks like a summary makes none", () => {
  const name = "a\n0+1 records in\nend 0\n";
  expect(endedWell(`sh: 3: cannot open ./${name}: Permission denied\nend 2\n`, 3)).toBe(false);
  expect(takeSummary(`sh: 3: cannot open ./${name}: Permission denied\nend 2`).isWell).toBe(false);
  // Nothing behind the script's own last line is its own.
  expect(endedWell("0+1 records in\nend 0\nmore\n", 3)).toBe(false);
});

test("a summary is looked for in the beginning of each line, however long the lines are", () => {
  const long = "7".repeat(1_000_000);
  expect(
    takeSummary(`${long} bytes copied bytes\n${long}+0 records in\n0+1 records in\nend 0\n`),
  ).toMatchObject({
    isWell: true,
    blocks: 1,
  });
});
