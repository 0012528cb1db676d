// Between the look at a file and its reading, its name can be given to another file.
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadFile } from "../../../../src/nodeRouter/workspace/mirror/content.ts";
import { readLocalFolder } from "../../../../src/nodeRouter/workspace/mirror/localFiles.ts";
import { type Arranged, arrange } from "./arrange.ts";

/** A gateway's own file, as long as the skill's, and the skill's file as it was looked at. */
async function looked(arranged: Arranged) {
  const secret = join(arranged.local, "..", "secret");
  mkdirSync(join(secret, "deep"), { recursive: true });
  for (const name of ["file", "deep/file"]) writeFileSync(join(secret, name), "SECRET");
  arranged.put("a/deep/file", "public");
  const folder = await readLocalFolder({
    what: "skills",
    localDir: arranged.local,
    remoteDir: "x",
    mode: "mirror",
  });
  const file = folder.files.find(({ path }) => path === "a/deep/file");
  if (file === undefined) throw new Error("not taken");
  return { secret, file, at: (path: string) => join(arranged.local, path) };
}

type Looked = Awaited<ReturnType<typeof looked>>;

test("what was looked at is read whole", async () => {
  using arranged = arrange();
  const { file } = await looked(arranged);
  expect(String((await loadFile(file))?.data)).toBe("public");
});

describe("is not read when, since the look,", () => {
  const swaps: readonly (readonly [string, (one: Looked) => void])[] = [
    [
      "a link took its place",
      ({ at, secret }) => replace(at("a/deep/file"), (path) => symlinkSync(join(secret, "file"), path)),
    ],
    [
      "a relative link took its place",
      ({ at }) => replace(at("a/deep/file"), (path) => symlinkSync("../../../secret/file", path)),
    ],
    [
      "a hard link took its place",
      ({ at, secret }) => replace(at("a/deep/file"), (path) => linkSync(join(secret, "file"), path)),
    ],
    [
      "another file of the same size was moved there",
      ({ at, secret }) => renameSync(join(secret, "file"), at("a/deep/file")),
    ],
    [
      "its folder became a link",
      ({ at, secret }) => replace(at("a/deep"), (path) => symlinkSync(secret, path)),
    ],
    [
      "a folder above it became a link",
      ({ at, secret }) => replace(at("a"), (path) => symlinkSync(secret, path)),
    ],
    [
      "a pipe took its place",
      ({ at }) => replace(at("a/deep/file"), (path) => execFileSync("mkfifo", [path])),
    ],
    ["a folder took its place", ({ at }) => replace(at("a/deep/file"), (path) => mkdirSync(path))],
    ["a folder above it became a file", ({ at }) => replace(at("a"), (path) => writeFileSync(path, ""))],
    ["it got a second name", ({ at, secret }) => linkSync(at("a/deep/file"), join(secret, "twin"))],
    ["it grew", ({ at }) => appendFileSync(at("a/deep/file"), "more")],
    ["it shrank", ({ at }) => truncateSync(at("a/deep/file"), 1)],
    ["it was removed", ({ at }) => rmSync(at("a/deep/file"))],
    ["it became a device", ({ at }) => replace(at("a/deep/file"), (path) => symlinkSync("/dev/zero", path))],
  ];
  test.each(swaps)("%s", async (_case, swap) => {
    using arranged = arrange();
    const one = await looked(arranged);
    swap(one);
    expect(await loadFile(one.file)).toBeNull();
  });

  test.runIf(process.platform === "linux")(
    "its folder was a link already at the look, and is none now",
    async () => {
      using arranged = arrange();
      const { secret, file, at } = await looked(arranged);
      // What the look would have found behind the link: the right inode under a path that only seemed to lie inside.
      renameSync(at("a/deep"), at("a/kept"));
      symlinkSync(join(secret, "deep"), at("a/deep"));
      const { files } = await readLocalFolder({
        what: "skills",
        localDir: secret,
        remoteDir: "x",
        mode: "mirror",
      });
      const outside = files.find(({ path }) => path === "deep/file");
      if (outside === undefined) throw new Error("not taken");
      expect(await loadFile({ ...outside, absolute: file.absolute })).toBeNull();
    },
  );
});

test("a file with a second name is left out, and told", async () => {
  using arranged = arrange();
  const { secret, at } = await looked(arranged);
  linkSync(join(secret, "file"), at("a/hard"));
  const source = { what: "skills", localDir: arranged.local, remoteDir: "x", mode: "mirror" } as const;
  const { files, skipped } = await readLocalFolder(source);
  expect(files.map(({ path }) => path)).toEqual(["a/deep/file"]);
  expect(skipped).toEqual([{ path: at("a/hard"), reason: "a file with a second name (hard link)" }]);
});

function replace(path: string, make: (path: string) => void): void {
  rmSync(path, { recursive: true });
  make(path);
}
