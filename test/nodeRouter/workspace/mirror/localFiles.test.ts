import { mkdirSync, symlinkSync, truncateSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  MAX_FILES,
  MAX_MIRRORED_FILE_BYTES,
  readLocalFolder,
} from "../../../../src/nodeRouter/workspace/mirror/localFiles.ts";
import type { MirrorSource } from "../../../../src/nodeRouter/workspace/mirror/mirrorSource.ts";
import { type Arranged, arrange } from "./arrange.ts";

const SLOW = 30_000;

async function read(arranged: Arranged, change: Partial<MirrorSource> = {}) {
  const source = { what: "skills", localDir: arranged.local, remoteDir: "x", mode: "mirror" } as const;
  const { files, skipped, isComplete } = await readLocalFolder({ ...source, ...change });
  return {
    paths: files.map((file) => file.path),
    files,
    isComplete,
    skipped: skipped.map(({ path, reason }) => `${path.slice(arranged.local.length + 1)}: ${reason}`),
  };
}

test("links are followed inside the folder, to files and to folders, and not out of it", async () => {
  using arranged = arrange();
  arranged.put("a/file", "x");
  symlinkSync("../a/file", join(arranged.local, "a/twin"));
  symlinkSync("a", join(arranged.local, "folder"));
  symlinkSync("/etc/hostname", join(arranged.local, "out"));
  symlinkSync("../..", join(arranged.local, "a/up"));
  symlinkSync("nowhere", join(arranged.local, "dangling"));
  symlinkSync(".", join(arranged.local, "a/self"));
  const { paths, skipped } = await read(arranged);
  expect(paths).toEqual(["a/file", "a/twin", "folder/file", "folder/twin"]);
  expect(skipped.sort()).toEqual([
    "a/self: a link to a folder around it",
    "a/self: a link to a folder around it",
    "a/up: a link that leads out of its folder, or nowhere",
    "a/up: a link that leads out of its folder, or nowhere",
    "dangling: a link that leads out of its folder, or nowhere",
    "out: a link that leads out of its folder, or nowhere",
  ]);
});

test("a folder of almost the same name beside it is outside", async () => {
  using arranged = arrange();
  mkdirSync(`${arranged.local}-other`);
  symlinkSync(`${arranged.local}-other`, join(arranged.local, "link"));
  expect((await read(arranged)).paths).toEqual([]);
});

test("a program is told from other files, and a change by its stamp", async () => {
  using arranged = arrange();
  arranged.put("run", "x", 0o755);
  arranged.put("text", "x");
  const [before] = (await read(arranged)).files;
  const { files } = await read(arranged);
  expect(files.map(({ path, isProgram }) => [path, isProgram])).toEqual([
    ["run", true],
    ["text", false],
  ]);
  expect(files[0]?.stamp).toBe(before?.stamp);
  arranged.put("run", "y");
  expect((await read(arranged)).files[0]?.stamp).not.toBe(before?.stamp);
});

test("the mirror's own names, what is not to be brought, and the mark are left out", async () => {
  using arranged = arrange();
  for (const path of [".node-router-x.json", "keep/.node-router-x", "mark", "no/a", "keep/b"])
    arranged.put(path, "x");
  const { paths, isComplete } = await read(arranged, {
    completeMark: "mark",
    include: (path) => !path.startsWith("no"),
  });
  expect(paths).toEqual(["keep/.node-router-x", "keep/b"]);
  expect(isComplete).toBe(true);
  expect((await read(arranged, { completeMark: "missing" })).isComplete).toBe(false);
});

test("a file that is too large is left out and told, the others are not", async () => {
  using arranged = arrange();
  arranged.put("large", "");
  truncateSync(join(arranged.local, "large"), MAX_MIRRORED_FILE_BYTES + 1);
  arranged.put("small", "x");
  const { paths, skipped } = await read(arranged);
  expect(paths).toEqual(["small"]);
  expect(skipped).toEqual([`large: larger than ${MAX_MIRRORED_FILE_BYTES} bytes`]);
});

test("when attachments have too many bytes, the newest are brought", async () => {
  using arranged = arrange();
  for (const name of ["a", "b", "c", "d", "e"]) {
    arranged.put(name, "");
    truncateSync(join(arranged.local, name), 60 * 1024 * 1024);
  }
  const old = new Date(1_000_000);
  utimesSync(join(arranged.local, "c"), old, old);
  expect((await read(arranged, { mode: "add" })).paths).toEqual(["a", "b", "d", "e"]);
  expect((await read(arranged)).paths).toEqual(["a", "b", "c", "d"]);
});

test("there is an end to the number of files", { timeout: SLOW }, async () => {
  using arranged = arrange();
  for (let index = 0; index <= MAX_FILES; index++) arranged.put(`f${index}`, "");
  const { paths, skipped } = await read(arranged);
  expect(paths).toHaveLength(MAX_FILES);
  expect(skipped).toHaveLength(1);
});
