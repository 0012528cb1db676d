// Changing files on a node: what is kept, what is made, and what rename and remove do.
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { localNode } from "./localNode.ts";

describe("write", () => {
  test("of 50 MB arrives whole", async () => {
    using node = localNode();
    const data = Buffer.alloc(50_000_000, "fedcba9876543210\0\xfe");
    await node.bridge.writeFile({ filePath: "big", data });
    expect(readFileSync(join(node.root, "big")).equals(data)).toBe(true);
  });

  test("of more than 64 MiB is refused before anything is sent", async () => {
    using node = localNode();
    const data = Buffer.alloc(64 * 1024 * 1024 + 1);
    await expect(node.bridge.writeFile({ filePath: "huge", data })).rejects.toThrow(
      /^FILE_TOO_LARGE: write of .*: it has 67108865 bytes, and the limit is 67108864; have a command on the node/,
    );
    expect(node.requests).toEqual([]);
  });

  test("is one trip, and the check of it by the same call none; any other step asks the node", async () => {
    using node = localNode();
    const verify = async () => {
      expect(await node.bridge.stat({ filePath: "a" })).toMatchObject({ type: "file", size: 4 });
      expect((await node.bridge.readFile({ filePath: "a" })).toString()).toBe("text");
    };
    await node.call(async () => {
      expect(await node.trips(() => node.bridge.writeFile({ filePath: "a", data: "text" }))).toBe(1);
      expect(await node.trips(verify)).toBe(0);
    });
    expect(await node.trips(verify)).toBe(2);
    expect(await node.trips(() => node.call(verify))).toBe(1);
  });

  test("decodes the encoding it is given", async () => {
    using node = localNode();
    await node.bridge.writeFile({ filePath: "a", data: "aGVsbG8=", encoding: "base64" });
    expect(readFileSync(join(node.root, "a"), "utf8")).toBe("hello");
  });

  test("keeps the mode without ever opening the content to more readers", async () => {
    using node = localNode({
      tools: { cksum: 'PATH=$REAL_PATH; ls -l .node-router-*.tmp >>"$HOME/seen"; exec cksum "$@"' },
    });
    for (const mode of [0o600, 0o644, 0o755, 0o640]) {
      const path = node.at("ws", `file-${mode}`);
      writeFileSync(path, "old");
      chmodSync(path, mode);
      await node.bridge.writeFile({ filePath: path, data: "new" });
      expect(statSync(path).mode & 0o7777).toBe(mode);
    }
    expect(readFileSync(node.at("seen"), "utf8").match(/^.{10}/gm)).toEqual([
      "-rw-------",
      "-rw-r--r--",
      // Execution cannot be had from the first moment on, so nobody else reads it until the mode is set.
      "-rw-------",
      "-rw-r-----",
    ]);
  });

  test("refuses a file that its user may not write, although its directory would allow it", async () => {
    using node = localNode({ asNobody: true });
    mkdirSync(node.root, { mode: 0o777 });
    chmodSync(node.root, 0o777);
    writeFileSync(join(node.root, "locked"), "old", { mode: 0o444 });
    await expect(node.bridge.writeFile({ filePath: "locked", data: "new" })).rejects.toThrow(
      /FILE_FAILED: write of .*: Permission denied; the file is as it was/,
    );
    expect(readFileSync(join(node.root, "locked"), "utf8")).toBe("old");
    expect(readdirSync(node.root)).toEqual(["locked"]);
  });

  test("replaces a file that its user may write and not read, and leaves it so", async () => {
    using node = localNode({ asNobody: true });
    mkdirSync(node.root);
    chmodSync(node.root, 0o777);
    await node.bridge.writeFile({ filePath: "drop", data: "old" });
    chmodSync(join(node.root, "drop"), 0o200);
    await node.bridge.writeFile({ filePath: "drop", data: "new" });
    expect(readFileSync(join(node.root, "drop"), "utf8")).toBe("new");
    expect(statSync(join(node.root, "drop")).mode & 0o777).toBe(0o200);
  });

  test("leaves the other names of a file with hard links as they were", async () => {
    using node = localNode();
    writeFileSync(node.at("ws", "one"), "old");
    linkSync(join(node.root, "one"), join(node.root, "two"));
    await node.bridge.writeFile({ filePath: "one", data: "new" });
    expect(readFileSync(join(node.root, "one"), "utf8")).toBe("new");
    expect(readFileSync(join(node.root, "two"), "utf8")).toBe("old");
  });

  test("through a symlink changes the file it points to, and leaves the link", async () => {
    using node = localNode();
    writeFileSync(node.at("ws", "real", "file"), "old", { mode: 0o700 });
    symlinkSync("real/file", join(node.root, "link"));
    symlinkSync(join(node.root, "link"), join(node.root, "link2"));
    await node.bridge.writeFile({ filePath: "link2", data: "new" });
    expect(readFileSync(join(node.root, "real", "file"), "utf8")).toBe("new");
    expect(readlinkSync(join(node.root, "link"))).toBe("real/file");
    expect(readdirSync(join(node.root, "real"))).toEqual(["file"]);
    symlinkSync("real/made", join(node.root, "dangling"));
    await node.bridge.writeFile({ filePath: "dangling", data: "made" });
    expect(readFileSync(join(node.root, "real", "made"), "utf8")).toBe("made");
  });

  test("makes parent directories unless told not to", async () => {
    using node = localNode();
    await node.bridge.writeFile({ filePath: "a/b c/d", data: "x" });
    expect(readFileSync(join(node.root, "a/b c/d"), "utf8")).toBe("x");
    const flat = { filePath: "e/f", data: "x", mkdir: false };
    await expect(node.bridge.writeFile(flat)).rejects.toMatchObject({ code: "ENOENT" });
    await expect(node.bridge.createFileExclusive(flat)).rejects.toMatchObject({ code: "ENOENT" });
    expect(existsSync(join(node.root, "e"))).toBe(false);
  });

  test("onto a directory, and below a file, is refused", async () => {
    using node = localNode();
    mkdirSync(node.at("ws", "dir"), { recursive: true });
    writeFileSync(node.at("ws", "file"), "");
    await expect(node.bridge.writeFile({ filePath: "dir", data: "x" })).rejects.toMatchObject({
      code: "EISDIR",
    });
    await expect(node.bridge.writeFile({ filePath: "file/x", data: "x" })).rejects.toMatchObject({
      code: "ENOTDIR",
    });
    expect(readdirSync(join(node.root, "dir"))).toEqual([]);
  });

  test("of a name that is too long says so", async () => {
    using node = localNode();
    await expect(node.bridge.writeFile({ filePath: "n".repeat(256), data: "x" })).rejects.toThrow(
      /FILE_FAILED: write of .*: File name too long; the file is as it was/,
    );
    expect(readdirSync(node.root)).toEqual([]);
  });
});

describe("createFileExclusive", () => {
  test("has one winner among many", async () => {
    using node = localNode();
    const tries = Array.from({ length: 12 }, (_, index) =>
      node.bridge.createFileExclusive({ filePath: "lock", data: `winner ${index}` }),
    );
    const results = await Promise.all(tries);
    expect(results.filter((result) => result === "created")).toHaveLength(1);
    expect(readFileSync(join(node.root, "lock"), "utf8")).toBe(`winner ${results.indexOf("created")}`);
    expect(readdirSync(node.root)).toEqual(["lock"]);
  });

  test("takes a dangling symlink and a directory for something that is there", async () => {
    using node = localNode();
    mkdirSync(node.at("ws", "dir"), { recursive: true });
    symlinkSync("nowhere", join(node.root, "dangling"));
    for (const filePath of ["dir", "dangling"]) {
      expect(await node.bridge.createFileExclusive({ filePath, data: "x" })).toBe("exists");
    }
    expect(readdirSync(node.root).sort()).toEqual(["dangling", "dir"]);
    expect(readdirSync(join(node.root, "dir"))).toEqual([]);
  });

  test("works where there are no hard links", async () => {
    using node = localNode({ tools: { ln: 'echo "ln: Operation not permitted" >&2; exit 1' } });
    expect(await node.bridge.createFileExclusive({ filePath: "a", data: "one" })).toBe("created");
    expect(await node.bridge.createFileExclusive({ filePath: "a", data: "two" })).toBe("exists");
    expect(readFileSync(join(node.root, "a"), "utf8")).toBe("one");
    const tries = Array.from({ length: 8 }, () =>
      node.bridge.createFileExclusive({ filePath: "b", data: "x" }),
    );
    expect((await Promise.all(tries)).filter((result) => result === "created")).toHaveLength(1);
    expect(readdirSync(node.root).sort()).toEqual(["a", "b"]);
  });
});

describe("mkdirp", () => {
  test("really makes the directory, also when nothing follows", async () => {
    using node = localNode();
    await node.bridge.mkdirp({ filePath: "a/b" });
    expect(statSync(join(node.root, "a/b")).isDirectory()).toBe(true);
    await node.bridge.mkdirp({ filePath: "a/b" });
    await node.bridge.mkdirp({ filePath: "." });
  });

  test("that was left to a write which never came is made a little later, and before any other step", async () => {
    using node = localNode();
    const leave = (directory: string) =>
      node.call(async () => {
        await node.bridge.stat({ filePath: `${directory}/file` });
        expect(await node.trips(() => node.bridge.mkdirp({ filePath: directory }))).toBe(0);
      });
    await leave("new");
    expect(await node.bridge.readDirectory({ filePath: "new" })).toEqual([]);

    await leave("late");
    node.wait(50);
    // Settled with the next step, whichever it is.
    await node.bridge.stat({ filePath: "x" });
    expect(statSync(join(node.root, "late")).isDirectory()).toBe(true);

    await leave("command");
    node.bridge.invalidate();
    await node.bridge.stat({ filePath: "x" });
    expect(statSync(join(node.root, "command")).isDirectory()).toBe(true);
    expect(node.changes.map(({ operation, outcome }) => [operation, outcome])).toEqual([
      ["mkdir", "done"],
      ["mkdir", "done"],
      ["mkdir", "done"],
    ]);
  });

  test("on a file is refused, and in a closed directory fails at once", async () => {
    using node = localNode({ asNobody: true });
    writeFileSync(node.at("ws", "file"), "");
    await expect(node.bridge.mkdirp({ filePath: "file" })).rejects.toMatchObject({ code: "ENOTDIR" });
    // The workspace belongs to somebody else: the stat before said so, and nothing is left to later.
    await node.bridge.stat({ filePath: "new/file" });
    chmodSync(node.root, 0o555);
    await node.call(async () => {
      await node.bridge.stat({ filePath: "new/file" });
      await expect(node.bridge.mkdirp({ filePath: "new" })).rejects.toThrow(
        /FILE_FAILED: mkdir of .*: Permission denied/,
      );
    });
  });
});

describe("remove", () => {
  test("takes a file, an empty directory and, when told, a full one", async () => {
    using node = localNode();
    writeFileSync(node.at("ws", "file"), "");
    writeFileSync(node.at("ws", "full", "deep", "er"), "");
    mkdirSync(join(node.root, "empty"));
    await node.bridge.remove({ filePath: "file" });
    await node.bridge.remove({ filePath: "empty" });
    await expect(node.bridge.remove({ filePath: "full" })).rejects.toThrow(
      /FILE_FAILED: remove of .*Directory not empty/,
    );
    await node.bridge.remove({ filePath: "full", recursive: true });
    expect(readdirSync(node.root)).toEqual([]);
  });

  test("of what is missing fails only when asked to", async () => {
    using node = localNode();
    await node.bridge.remove({ filePath: "none" });
    await node.bridge.remove({ filePath: "no/such", force: true });
    await expect(node.bridge.remove({ filePath: "none", force: false })).rejects.toMatchObject({
      code: "ENOENT",
    });
  });

  test("takes a symlink, never what it points to", async () => {
    using node = localNode();
    writeFileSync(node.at("outside", "kept"), "kept");
    mkdirSync(node.at("ws", "tree"), { recursive: true });
    symlinkSync(join(node.folder, "outside"), join(node.root, "link"));
    symlinkSync(join(node.folder, "outside"), join(node.root, "tree", "link"));
    await node.bridge.remove({ filePath: "link", recursive: true });
    await node.bridge.remove({ filePath: "tree", recursive: true });
    expect(readdirSync(node.root)).toEqual([]);
    expect(readFileSync(node.at("outside", "kept"), "utf8")).toBe("kept");
  });
});

describe("rename", () => {
  test("replaces a file, and an empty directory by a directory", async () => {
    using node = localNode();
    writeFileSync(node.at("ws", "a"), "a");
    writeFileSync(node.at("ws", "b"), "b");
    await node.bridge.rename({ from: "a", to: "b" });
    expect(readFileSync(join(node.root, "b"), "utf8")).toBe("a");
    writeFileSync(node.at("ws", "dir", "x"), "x");
    mkdirSync(join(node.root, "empty"));
    await node.bridge.rename({ from: "dir", to: "empty" });
    expect(readdirSync(join(node.root, "empty"))).toEqual(["x"]);
    expect(readdirSync(node.root).sort()).toEqual(["b", "empty"]);
  });

  test("never moves into a directory that has the new name", async () => {
    using node = localNode();
    writeFileSync(node.at("ws", "file"), "f");
    writeFileSync(node.at("ws", "dir", "x"), "x");
    writeFileSync(node.at("ws", "full", "y"), "y");
    symlinkSync("full", join(node.root, "link"));
    await expect(node.bridge.rename({ from: "file", to: "dir" })).rejects.toMatchObject({ code: "EISDIR" });
    await expect(node.bridge.rename({ from: "dir", to: "full" })).rejects.toThrow(/Directory not empty/);
    await expect(node.bridge.rename({ from: "dir", to: "file" })).rejects.toMatchObject({ code: "ENOTDIR" });
    await node.bridge.rename({ from: "file", to: "link" });
    expect(lstatSync(join(node.root, "link")).isFile()).toBe(true);
    expect(readdirSync(join(node.root, "full"))).toEqual(["y"]);
    expect(readdirSync(join(node.root, "dir"))).toEqual(["x"]);
  });

  test("makes the directories of the new name, moves a symlink as such, and does nothing for the same name", async () => {
    using node = localNode();
    mkdirSync(node.root);
    symlinkSync("nowhere", join(node.root, "link"));
    await node.bridge.rename({ from: "link", to: "new/dir/link" });
    expect(readlinkSync(join(node.root, "new/dir/link"))).toBe("nowhere");
    await node.bridge.rename({ from: "new", to: "new" });
    expect(readdirSync(node.root)).toEqual(["new"]);
    await expect(node.bridge.rename({ from: "none", to: "x" })).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("copyFile", () => {
  test("copies bytes and mode over what is there, and leaves the original", async () => {
    using node = localNode();
    writeFileSync(node.at("ws", "from"), Buffer.from([0, 255, 10]), { mode: 0o750 });
    writeFileSync(node.at("ws", "to"), "old");
    await node.bridge.copyFile({ sourcePath: "from", destinationPath: "to" });
    await node.bridge.copyFile({ sourcePath: "from", destinationPath: "new/to" });
    for (const name of ["from", "to", "new/to"]) {
      expect([...readFileSync(join(node.root, name))]).toEqual([0, 255, 10]);
    }
    expect(statSync(join(node.root, "to")).mode & 0o777).toBe(0o750);
    expect(readdirSync(node.root).sort()).toEqual(["from", "new", "to"]);
    await expect(node.bridge.copyFile({ sourcePath: "new", destinationPath: "x" })).rejects.toMatchObject({
      code: "EISDIR",
    });
    await expect(
      node.bridge.copyFile({ sourcePath: "from", destinationPath: "no/x", mkdir: false }),
    ).rejects.toMatchObject({ code: "ENOENT" });
  });
});
