// What a gateway's own files say of the times in which it was up, after a crash, and after an older copy of them came back.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openUpTimes } from "../../../../src/nodeRouter/delegation/journal/upTimes.ts";

const root = mkdtempSync(join(tmpdir(), "node-router-up-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const KEEP_MS = 1_000_000;
let nowMs = 10_000_000;
const newFolder = (): string => mkdtempSync(join(root, "in-"));
/** A life that begins and ends now. */
const live = async (folder: string, keepMs = KEEP_MS) => {
  const up = await openUpTimes({ folder, keepMs, now: () => nowMs });
  await up.close();
  return up.blanks;
};

test("before its first start nothing was taken", async () => {
  expect(await live(newFolder())).toEqual([{ fromMs: 0, toMs: nowMs }]);
});

test("a gateway that is back within half a minute of its last word has missed nothing; later, only what came later", async () => {
  const folder = newFolder();
  const first = await live(folder);
  nowMs += 30_000;
  expect(await live(folder)).toEqual(first);
  const fromMs = nowMs + 30_000;
  nowMs += 90_000;
  expect(await live(folder)).toEqual([...first, { fromMs, toMs: nowMs }]);
});

test("an older copy of the files is blank from its own time on, whatever the gateway took after that", async () => {
  const folder = newFolder();
  await live(folder);
  const copiedMs = nowMs;
  const copy = newFolder();
  cpSync(folder, copy, { recursive: true });
  nowMs += 400_000;
  await live(folder);
  nowMs += 1_000;
  expect((await live(copy)).at(-1)).toEqual({ fromMs: copiedMs + 30_000, toMs: nowMs });
});

test("files that were taken away, or cannot be read, say nothing of any time", async () => {
  const folder = newFolder();
  await live(folder);
  for (const text of ["", "{", "{}", '{"upToMs":"x"}']) {
    writeFileSync(join(folder, "up"), text);
    nowMs += 1;
    expect((await live(folder)).at(-1)).toEqual({ fromMs: 0, toMs: nowMs });
  }
});

test("blanks are forgotten after their time, and many become one that covers them", async () => {
  const folder = newFolder();
  for (let i = 0; i < 60; i += 1) {
    nowMs += 31_000;
    await live(folder, 10 * KEEP_MS);
  }
  nowMs += 1;
  const blanks = await live(folder, 10 * KEEP_MS);
  expect(blanks.length).toBeLessThanOrEqual(50);
  expect(blanks[0]?.fromMs).toBe(0);
  nowMs += 2 * KEEP_MS;
  expect(await live(folder)).toHaveLength(1);
  expect(readFileSync(join(folder, "up"), "utf8").length).toBeLessThan(200);
});
