// Pipes with names for a moment: nothing is left of them, and where there are none a command runs all the same.
import { once } from "node:events";
import { closeSync, mkdtempSync, readdirSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PipePool } from "../../../../../src/nodeRouter/transports/node/host/pipePool.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nr-pipes-"));
  vi.stubEnv("TMPDIR", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test("what is written to the one end is read at the other, until that is closed", async () => {
  const pool = new PipePool();
  await pool.ready();
  const [out, err] = pool.take() ?? [];
  if (out === undefined || err === undefined) throw new Error("there is no pipe");
  writeSync(out.theirs, "hello");
  closeSync(out.theirs);
  closeSync(err.theirs);
  const chunks: Buffer[] = [];
  out.ours.on("data", (chunk: Buffer) => chunks.push(chunk));
  err.ours.resume();
  await Promise.all([once(out.ours, "close"), once(err.ours, "close")]);
  expect(Buffer.concat(chunks).toString()).toBe("hello");
  await pool.close();
});

test("more are made when few are left, and none is given out twice", async () => {
  const pool = new PipePool();
  const seen = new Set<number>();
  for (let at = 0; at < 20; at++) {
    await pool.ready();
    const pair = pool.take() ?? [];
    expect(pair).toHaveLength(2);
    for (const { ours, theirs } of pair) {
      seen.add(theirs);
      ours.destroy();
    }
  }
  expect(seen.size).toBe(40);
  for (const theirs of seen) closeSync(theirs);
  await pool.close();
});

test("a pipe has no name: while the pool is in use, no file is there", async () => {
  const pool = new PipePool();
  await pool.ready();
  expect(readdirSync(folder)).toEqual([]);
  await pool.close();
  expect(pool.take()).toBeNull();
  await pool.ready();
  expect(pool.take()).toBeNull();
});

test("where none can be made there is none to take", async () => {
  vi.stubEnv("TMPDIR", join(folder, "nowhere"));
  const none = new PipePool();
  await none.ready();
  expect(none.take()).toBeNull();
  vi.stubEnv("TMPDIR", folder);
  vi.stubEnv("PATH", folder);
  const unable = new PipePool();
  await unable.ready();
  expect(unable.take()).toBeNull();
  expect(readdirSync(folder)).toEqual([]);
});
