// What ran at once on a machine is read from the order of lines in one file.
import { expect, test } from "vitest";
import { marksIn } from "../../chaos/marks.ts";

const [A, B] = ["1.exec-a.00001.0.7", "1.ssh-a.00001.0.8"] as const;

test("a command has a mark with the lines of its beginning and its end, and null for an end that never came", () => {
  expect(marksIn(`${A} pair-1\n${B} pair-1\n${A} over\n`, "pair-1")).toEqual([
    { id: A, machine: "pair-1", lines: { begin: 0, end: 2 } },
    { id: B, machine: "pair-1", lines: { begin: 1, end: null } },
  ]);
});

test("two beginnings of one id are two marks, whatever ends there are", () => {
  const marks = marksIn(`${A} pair-1\n${A} pair-1\n${A} over\n`, "pair-1");
  expect(marks.map(({ lines }) => lines)).toEqual([
    { begin: 0, end: 2 },
    { begin: 1, end: null },
  ]);
});

test("an end without a beginning is no mark", () => {
  expect(marksIn(`${A} over\n`, "pair-1")).toEqual([]);
});
