// What people meet with remote files: special directories, files that grow, names that play tricks, other editors.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { localNode } from "./localNode.ts";

const isRoot = process.getuid?.() === 0;

describe("a file that grows while it is read", () => {
  test("is read as far as it had come, with whole beginnings of what was written", async () => {
    using node = localNode();
    const path = node.at("ws", "log");
    writeFileSync(path, "");
    const writer = spawn("sh", [
      "-c",
      'i=0; while test $i -lt 20000; do i=$((i+1)); echo "line $i"; done >"$0"',
      path,
    ]);
    const ended = once(writer, "close");
    const texts: string[] = [];
    for (let read = 0; read < 5; read++) {
      texts.push((await node.bridge.readFile({ filePath: "log" })).toString());
    }
    await ended;
    const whole = readFileSync(path, "utf8");
    for (const text of texts) expect(whole.startsWith(text)).toBe(true);
    expect((await node.bridge.readFile({ filePath: "log" })).toString()).toBe(whole);
  });
});

describe("a sparse file", () => {
  test("is read with its holes as zeros, and edited whole", async () => {
    using node = localNode();
    const path = node.at("ws", "sparse");
    writeFileSync(path, "begin");
    truncateSync(path, 2_000_000);
    await node.call(async () => {
      const data = await node.bridge.readFile({ filePath: "sparse" });
      expect(data.length).toBe(2_000_000);
      await node.bridge.writeFile({ filePath: "sparse", data: Buffer.concat([data, Buffer.from("end")]) });
    });
    expect(statSync(path).size).toBe(2_000_003);
  });
});

describe("a name that imitates the node's own words", () => {
  test("does not make a file that cannot be read an empty one", async () => {
    using node = localNode({ asNobody: true });
    for (const name of ["a\nend 0\n0+0 records in\nend 0\n", "0+0 records in\nend 0", "end 0"]) {
      writeFileSync(node.at("ws", name), "secret", { mode: 0o000 });
      await expect(node.bridge.readFile({ filePath: join(node.root, name) })).rejects.toThrow(
        /FILE_FAILED: read of .*Permission denied/,
      );
    }
  });

  test("is a name: of facts, of a number, of an option, of the temporary file", async () => {
    using node = localNode();
    for (const name of [
      "4294967295 0 ",
      "any",
      "missing",
      "new",
      "--",
      "-rf",
      "%b",
      "\\c",
      ".node-router-x.tmp",
    ]) {
      const path = join(node.root, name);
      await node.call(async () => {
        expect(await node.bridge.stat({ filePath: path })).toBeNull();
        await node.bridge.writeFile({ filePath: path, data: name });
      });
      await node.call(async () => {
        expect((await node.bridge.readFile({ filePath: path })).toString()).toBe(name);
        await node.bridge.writeFile({ filePath: path, data: "" });
      });
      expect(readFileSync(path, "utf8")).toBe("");
    }
  });
});

describe("a directory with rules of its own", () => {
  test("that hands down its group does so for new files, and an edited file keeps its group", async () => {
    using node = localNode();
    mkdirSync(node.at("ws", "shared"), { recursive: true });
    if (isRoot) spawnSync("chgrp", ["1234", join(node.root, "shared")]);
    chmodSync(join(node.root, "shared"), 0o2775);
    const group = statSync(join(node.root, "shared")).gid;
    await node.bridge.writeFile({ filePath: "shared/new", data: "x" });
    expect(statSync(join(node.root, "shared/new")).gid).toBe(group);
    if (isRoot) spawnSync("chgrp", ["4321", join(node.root, "shared/new")]);
    const before = statSync(join(node.root, "shared/new"));
    await node.bridge.writeFile({ filePath: "shared/new", data: "y" });
    const after = statSync(join(node.root, "shared/new"));
    expect([after.uid, after.gid, after.mode]).toEqual([before.uid, before.gid, before.mode]);
  });

  test("with the login's umask makes new files and directories by it, and edited ones as they were", async () => {
    using node = localNode({ before: "umask 027" });
    await node.bridge.writeFile({ filePath: "dir/new", data: "x" });
    expect(statSync(join(node.root, "dir/new")).mode & 0o777).toBe(0o640);
    expect(statSync(join(node.root, "dir")).mode & 0o777).toBe(0o750);
    chmodSync(join(node.root, "dir/new"), 0o666);
    await node.bridge.writeFile({ filePath: "dir/new", data: "y" });
    expect(statSync(join(node.root, "dir/new")).mode & 0o777).toBe(0o666);
  });

  const canLock = isRoot && lockable();
  test.runIf(canLock)(
    "an immutable file is refused with the reason, and no rest is left (only where root may)",
    async () => {
      using node = localNode();
      const path = node.at("ws", "fixed");
      writeFileSync(path, "as it was");
      spawnSync("chattr", ["+i", path]);
      try {
        await expect(node.bridge.writeFile({ filePath: "fixed", data: "x" })).rejects.toThrow(
          /FILE_FAILED: write of .*Operation not permitted; the file is as it was/,
        );
        expect(readFileSync(path, "utf8")).toBe("as it was");
        expect(readdirSync(node.root)).toEqual(["fixed"]);
      } finally {
        spawnSync("chattr", ["-i", path]);
      }
    },
  );

  const canMount = isRoot && process.platform === "linux" && mountable();
  test.runIf(canMount)(
    "a file that is mounted by itself says that it is busy (only where root may mount)",
    async () => {
      using node = localNode();
      writeFileSync(node.at("source"), "mounted");
      writeFileSync(node.at("ws", "hosts"), "");
      spawnSync("mount", ["--bind", node.at("source"), join(node.root, "hosts")]);
      try {
        expect((await node.bridge.readFile({ filePath: "hosts" })).toString()).toBe("mounted");
        await expect(node.bridge.writeFile({ filePath: "hosts", data: "x" })).rejects.toThrow(
          /Device or resource busy; the file is as it was/,
        );
        expect(readFileSync(node.at("source"), "utf8")).toBe("mounted");
      } finally {
        spawnSync("umount", [join(node.root, "hosts")]);
      }
    },
  );
});

describe("others who hold the file", () => {
  test("through a hard link keep what they had, and an edit of either name compares that name's content", async () => {
    using node = localNode();
    const one = node.at("ws", "one");
    const two = join(node.root, "two");
    writeFileSync(one, "old");
    linkSync(one, two);
    const edit = (filePath: string, data: string) =>
      node.call(async () => {
        await node.bridge.readFile({ filePath });
        await node.bridge.writeFile({ filePath, data });
      });
    await edit("one", "new");
    await edit("two", "newer");
    expect([readFileSync(one, "utf8"), readFileSync(two, "utf8")]).toEqual(["new", "newer"]);
  });

  test("never see half of a file, nor none at all", async () => {
    using node = localNode();
    const path = node.at("ws", "watched");
    const versions = ["a".repeat(100_000), "b".repeat(150_000)];
    writeFileSync(path, versions[0] ?? "");
    let done = false;
    const writing = (async () => {
      for (let round = 0; round < 10; round++) {
        await node.bridge.writeFile({ filePath: "watched", data: versions[(round + 1) % 2] ?? "" });
      }
      done = true;
    })();
    while (!done) {
      expect(existsSync(path)).toBe(true);
      expect(versions).toContain(readFileSync(path, "utf8"));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await writing;
  });
});

function lockable(): boolean {
  using node = localNode();
  const path = node.at("probe");
  writeFileSync(path, "");
  const locked = spawnSync("chattr", ["+i", path]).status === 0;
  spawnSync("chattr", ["-i", path]);
  if (!locked) console.info("no immutable files in these tests: this file system has none");
  return locked;
}

function mountable(): boolean {
  using node = localNode();
  writeFileSync(node.at("one"), "");
  writeFileSync(node.at("two"), "");
  const mounted = spawnSync("mount", ["--bind", node.at("one"), node.at("two")]).status === 0;
  if (mounted) spawnSync("umount", [node.at("two")]);
  else console.info("no mounted files in these tests: this user may not mount");
  return mounted;
}
