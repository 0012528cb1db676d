// Tables in text files, and what is made at its first use.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { once } from "../../src/shared/once.ts";
import { readTable } from "../../src/shared/table.ts";

function fileWith(text: string): URL {
  const folder = mkdtempSync(join(tmpdir(), "node-router-table-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "table.csv");
  writeFileSync(file, text);
  return pathToFileURL(file);
}

test("a row has its cells in order, and comments and the last line feed are no rows", () => {
  const file = fileWith("# code,name\nSG,Singapore\nKR,Korea, South\n# end\n");
  expect(readTable(file)).toEqual([
    ["SG", "Singapore"],
    ["KR", "Korea", " South"],
  ]);
});

test("a table that is not there is a fault with its path, not an empty table", () => {
  const file = new URL("./gone.csv", fileWith(""));
  expect(() => readTable(file)).toThrow(/ENOENT.*gone\.csv/);
});

test("a value is made at the first call alone, also one that is null", () => {
  let made = 0;
  const value = once(() => {
    made += 1;
    return null;
  });
  expect(made).toBe(0);
  expect([value(), value()]).toEqual([null, null]);
  expect(made).toBe(1);
});

test("what could not be made is tried again at the next call", () => {
  let tries = 0;
  const value = once(() => {
    tries += 1;
    if (tries === 1) throw new Error("not yet");
    return tries;
  });
  expect(value).toThrow("not yet");
  expect(value()).toBe(2);
});
