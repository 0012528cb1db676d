// One at a time, also when whoever held the lock is dead, and never for ever.
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ifUnlocked, withFileLock } from "../../src/shared/fileLock.ts";

const folder = mkdtempSync(join(tmpdir(), "node-router-lock-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("works under one lock never overlap, and every one of them is done", async () => {
  const file = join(folder, "deep", "a.json");
  let inside = 0;
  let most = 0;
  const results = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      withFileLock(file, async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
        return index;
      }),
    ),
  );
  expect([most, results]).toEqual([1, [0, 1, 2, 3, 4, 5, 6, 7]]);
});

test("a lock whose process is dead is taken over, one whose process lives is waited for and then an error", async () => {
  const file = join(folder, "b.json");
  // No process has this id: it is above every limit of Linux and macOS.
  writeFileSync(`${file}.lock`, "99999999");
  expect(await withFileLock(file, async () => readFile(`${file}.lock`, "utf8"))).toBe(String(process.pid));
  writeFileSync(`${file}.lock`, String(process.pid));
  await expect(withFileLock(file, async () => "never")).rejects.toThrow(
    /^another process holds .*b\.json\.lock$/,
  );
});

test("who does not wait does nothing while a process that lives has the lock, and takes a dead one's over", async () => {
  const file = join(folder, "f.json");
  const done: string[] = [];
  await withFileLock(file, () => ifUnlocked(file, async () => void done.push("meanwhile")));
  await ifUnlocked(file, async () => void done.push("free"));
  writeFileSync(`${file}.lock`, "99999999");
  await ifUnlocked(file, async () => void done.push("left behind"));
  expect([done, existsSync(`${file}.lock`)]).toEqual([["free", "left behind"], false]);
});

test.each<readonly [string, string, number]>([
  ["empty, as a full disk leaves it", "", -60],
  ["of a process that has our own id, as the one before in a container", String(process.pid), -60],
  ["from before the clock was set back", String(process.pid), 3_600],
])("a lock that is too old is taken over: %s", async (_, text, ageS) => {
  const file = join(folder, "d.json");
  writeFileSync(`${file}.lock`, text);
  const at = Date.now() / 1_000 + ageS;
  utimesSync(`${file}.lock`, at, at);
  expect(await withFileLock(file, async () => "done")).toBe("done");
});

test("an empty lock that is new is another process's at its start, and is not taken over", async () => {
  const file = join(folder, "e.json");
  writeFileSync(`${file}.lock`, "");
  await expect(withFileLock(file, async () => "never")).rejects.toThrow(/^another process holds /);
});

test("work that fails leaves no lock behind", async () => {
  const file = join(folder, "c.json");
  await expect(withFileLock(file, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await withFileLock(file, async () => "done")).toBe("done");
});
