// The table of releases says what was proven and nothing else.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { COLUMNS, MATRIX_FILE, writeTable } from "../../scripts/support/matrixTable.ts";
import { ROOT } from "../support/environment.ts";

const PAGE = "before\n<!-- npm run matrix writes what follows -->\nold\n<!-- until here -->\nafter\n";

test("a test that failed, was skipped or never ran is none that works, and old rows are gone", () => {
  const results = new Map([
    ["route", "passed"],
    ["guard", "failed"],
    ["hosted sessions", "skipped"],
  ]);
  const text = writeTable(PAGE, [{ release: "2026.9.1", results }], "24.21.0");
  expect(text).toContain("| 2026.9.1 | works | not tried | **fails** | not tried | is not there |");
  expect(text).toMatch(/^before\n[\s\S]*<!-- until here -->\nafter\n$/);
  expect(text).not.toContain("old");
  expect(writeTable(text, [{ release: "2026.9.1", results }], "24.21.0")).toBe(text);
});

test("a release that does not install the plugin says so in every column", () => {
  const results = new Map(COLUMNS.map((name) => [name, "refused"]));
  const cells = COLUMNS.map(() => " refuses the plugin |").join("");
  expect(writeTable(PAGE, [{ release: "2026.9.5", results }], "24.21.0")).toContain(`| 2026.9.5 |${cells}\n`);
});

test("a page without a place for it is not written", () => {
  expect(() => writeTable("nothing", [], "24")).toThrow(MATRIX_FILE);
});

test("its columns are the tests that are run, and the page explains each", () => {
  const tests = readFileSync(join(ROOT, "test/e2e/hostRelease.long.test.ts"), "utf8");
  const names = [...tests.matchAll(/^ {0,2}"?(?:test\("|")([a-z ]+): /gm)].map(([, name]) => name);
  expect(names.toSorted()).toEqual(COLUMNS.toSorted());
  const page = readFileSync(join(ROOT, MATRIX_FILE), "utf8");
  for (const name of COLUMNS) expect(page).toContain(`- \`${name}\`: `);
});
