// A change that somebody else made between a call's read and its write is never lost, and the words say what happened.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type LocalNode, localNode, SH, USERLANDS } from "./localNode.ts";

/** One call that reads the file, or looks for it, and writes it after `meanwhile`. */
async function replace(node: LocalNode, filePath: string, meanwhile: () => void): Promise<void> {
  await node.call(async () => {
    if ((await node.bridge.stat({ filePath })) !== null) await node.bridge.readFile({ filePath });
    meanwhile();
    await node.bridge.writeFile({ filePath, data: "ours" });
  });
}

const PREFIX = (path: string) => `FILE_CHANGED: "${path}" on node "mac-sg" changed since it was read`;

/** What others may do to the file `a` ("before"), and what the refusal says of it. */
const CHANGES: readonly (readonly [string, (path: string) => void, string])[] = [
  ["written with more", (path) => writeFileSync(path, "before and more"), "(6 bytes then, 15 bytes now)"],
  [
    "written with as many bytes",
    (path) => writeFileSync(path, "BEFORE"),
    "(6 bytes then, as many now, but others)",
  ],
  ["emptied", (path) => writeFileSync(path, ""), "(6 bytes then, 0 bytes now)"],
  ["shortened to one byte", (path) => writeFileSync(path, "b"), "(6 bytes then, 1 byte now)"],
  ["removed", (path) => rmSync(path), "(6 bytes then, nothing is there now)"],
  [
    "made a directory",
    (path) => {
      rmSync(path);
      mkdirSync(path);
    },
    "(6 bytes then, a directory now)",
  ],
  [
    "made a pipe",
    (path) => {
      rmSync(path);
      spawnSync("mkfifo", [path]);
    },
    "(6 bytes then, a device, a pipe or a socket now)",
  ],
  [
    "replaced by a symlink to another file",
    (path) => {
      rmSync(path);
      writeFileSync(`${path}.other`, "another");
      symlinkSync("a.other", path);
    },
    "(6 bytes then, 7 bytes now)",
  ],
  [
    "replaced as editors do, with the same times and size",
    (path) => {
      const { atime, mtime } = statSync(path);
      writeFileSync(`${path}.new`, "BEFORE");
      utimesSync(`${path}.new`, atime, mtime);
      renameSync(`${path}.new`, path);
    },
    "(6 bytes then, as many now, but others)",
  ],
];

describe.each(USERLANDS)("with $name, a write of what was read", (userland) => {
  // Shells differ in what can be tested, less in what was changed.
  test.each(userland === SH ? CHANGES : CHANGES.filter((_change, index) => index % 2 === 1))(
    "is refused when the file was %s",
    async (_name, change, words) => {
      using node = localNode({ userland });
      const path = node.at("ws", "a");
      writeFileSync(path, "before");
      const state = () =>
        spawnSync("sh", ["-c", "ls -lR . && find . -type f -exec cat {} +"], {
          cwd: node.root,
        }).stdout.toString();
      let after = "";
      const write = replace(node, "a", () => {
        change(path);
        after = state();
      });
      await expect(write).rejects.toMatchObject({
        code: "FILE_CHANGED",
        message: `${PREFIX(path)} ${words}; nothing was written; read it again and repeat the edit`,
      });
      expect(state()).toBe(after);
      expect(node.changes).toMatchObject([{ operation: "write", outcome: "failed" }]);
    },
  );

  test("is done when the file is as it was, whatever its times, its mode, its inode and its other names", async () => {
    const same: Readonly<Record<string, (path: string) => void>> = {
      untouched: () => {},
      touched: (path) => utimesSync(path, 1, 1),
      "given a mode": (path) => chmodSync(path, 0o600),
      "saved unchanged": (path) => {
        writeFileSync(`${path}.new`, "before");
        renameSync(`${path}.new`, path);
      },
      "given a name": (path) => linkSync(path, `${path}.link`),
    };
    // Untouched, touched.
    for (const change of Object.values(same).slice(0, userland === SH ? 5 : 2)) {
      using node = localNode({ userland });
      // Without it the times count, too.
      if (!node.has("cksum") && change !== same.untouched) continue;
      const path = node.at("ws", "a");
      writeFileSync(path, "before");
      await replace(node, "a", () => change(path));
      expect(readFileSync(path, "utf8")).toBe("ours");
    }
    using node = localNode({ userland });
    if (!node.has("cksum")) return;
    const path = node.at("ws", "a");
    writeFileSync(path, "before", { mode: 0o644 });
    await replace(node, "a", () => chmodSync(path, 0o600));
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("of a file that was missing is refused when there is one by now", async () => {
    using node = localNode({ userland });
    const path = node.at("ws", "new");
    const write = replace(node, "new", () => writeFileSync(path, "somebody else's"));
    await expect(write).rejects.toThrow(
      `${PREFIX(path)} (nothing was there then, 15 bytes now); nothing was written`,
    );
    expect(readFileSync(path, "utf8")).toBe("somebody else's");
    await replace(node, "newer/file", () => mkdirSync(join(node.root, "newer")));
    expect(readFileSync(join(node.root, "newer/file"), "utf8")).toBe("ours");
  });

  test("with a name of odd characters, or through a symlink, compares the right file", async () => {
    using node = localNode({ userland });
    for (const name of userland === SH
      ? ["-n", " ", "*", "$(x)", "it's", "\\0101", "a\n"]
      : ["-$(x) '\\0101*\n"]) {
      const path = node.at("ws", name);
      writeFileSync(path, "before");
      await replace(node, path, () => {});
      expect(readFileSync(path, "utf8")).toBe("ours");
      await expect(replace(node, path, () => writeFileSync(path, "theirs"))).rejects.toThrow(/FILE_CHANGED/);
      expect(readFileSync(path, "utf8")).toBe("theirs");
    }
    writeFileSync(node.at("ws", "real", "file"), "before");
    symlinkSync("real/file", join(node.root, "link"));
    await replace(node, "link", () => {});
    expect(readFileSync(join(node.root, "real/file"), "utf8")).toBe("ours");
    const other = node.at("ws", "real", "other");
    const write = replace(node, "link", () => {
      writeFileSync(other, "other");
      rmSync(join(node.root, "link"));
      symlinkSync("real/other", join(node.root, "link"));
    });
    await expect(write).rejects.toThrow(/FILE_CHANGED/);
    expect(readFileSync(other, "utf8")).toBe("other");
    expect(lstatSync(join(node.root, "link")).isSymbolicLink()).toBe(true);
  });
});

describe("the comparison", () => {
  /** Changes the file once, at the first call of a tool of the script. */
  const when = (tool: string, change: string) => ({
    tools: {
      [tool]: `PATH=$REAL_PATH; if test ! -e "$HOME/done"; then : >"$HOME/done"; cd "$HOME/ws"; ${change}; cd "$OLDPWD"; fi; exec ${tool} "$@"`,
    },
  });

  test("is made behind everything but the rename: a change while the content arrives is seen", async () => {
    // The first cksum is that of the new content, already on the node.
    using node = localNode(when("cksum", "printf theirs >a"));
    const path = node.at("ws", "a");
    writeFileSync(path, "before");
    await expect(replace(node, "a", () => {})).rejects.toThrow(/FILE_CHANGED: .*but others\)/);
    expect(readFileSync(path, "utf8")).toBe("theirs");
    expect(readdirSync(node.root)).toEqual(["a"]);
  });

  test("of a file that was missing cannot be too early: whoever makes it first has it", async () => {
    for (const tools of [
      when("ln", "printf theirs >a"),
      { tools: { ln: "exit 1", cksum: when("cksum", "printf theirs >a").tools.cksum ?? "" } },
    ]) {
      using node = localNode(tools);
      mkdirSync(node.root);
      await expect(replace(node, "a", () => {})).rejects.toThrow(/nothing was there then, 6 bytes now/);
      expect(readFileSync(join(node.root, "a"), "utf8")).toBe("theirs");
      expect(readdirSync(node.root)).toEqual(["a"]);
    }
  });

  test("of a file that cannot be read any more ends with the reason, and nothing is written", async () => {
    using node = localNode({ asNobody: true });
    mkdirSync(node.root);
    chmodSync(node.root, 0o777);
    const path = join(node.root, "a");
    await node.bridge.writeFile({ filePath: "a", data: "before" });
    await expect(replace(node, "a", () => chmodSync(path, 0o200))).rejects.toThrow(
      /FILE_FAILED: write of .*: Permission denied; the file is as it was/,
    );
    expect(readFileSync(path, "utf8")).toBe("before");
    expect(readdirSync(node.root)).toEqual(["a"]);
  });

  test("on a node without cksum goes by size, times, mode and owner", async () => {
    const onlyTools = [
      "sh",
      "cat",
      "chmod",
      "chgrp",
      "chown",
      "dd",
      "ln",
      "mkdir",
      "mv",
      "readlink",
      "rm",
      "rmdir",
      "stat",
      "wc",
    ];
    using node = localNode({ onlyTools });
    const path = node.at("ws", "a");
    writeFileSync(path, "before");
    await replace(node, "a", () => {});
    expect(readFileSync(path, "utf8")).toBe("ours");
    await expect(replace(node, "a", () => writeFileSync(path, "more"))).rejects.toThrow(/FILE_CHANGED/);
    expect(readFileSync(path, "utf8")).toBe("more");
  });

  test("is not made where the call has read nothing: a write alone replaces what is there", async () => {
    using node = localNode();
    const path = node.at("ws", "a");
    writeFileSync(path, "before");
    await node.call(async () => {
      await node.bridge.writeFile({ filePath: "a", data: "ours" });
      writeFileSync(path, "theirs");
    });
    await node.call(() => node.bridge.writeFile({ filePath: "a", data: "ours again" }));
    expect(readFileSync(path, "utf8")).toBe("ours again");
  });

  test("goes by what the same call wrote last", async () => {
    using node = localNode();
    const path = node.at("ws", "a");
    writeFileSync(path, "before");
    await node.call(async () => {
      await node.bridge.readFile({ filePath: "a" });
      await node.bridge.writeFile({ filePath: "a", data: "one" });
      await node.bridge.writeFile({ filePath: "a", data: "two" });
      writeFileSync(path, "theirs");
      await expect(node.bridge.writeFile({ filePath: "a", data: "three" })).rejects.toThrow(/FILE_CHANGED/);
    });
    expect(readFileSync(path, "utf8")).toBe("theirs");
  });

  test("is one comparison of one large file, too", async () => {
    using node = localNode();
    const path = node.at("ws", "large");
    writeFileSync(path, Buffer.alloc(5_000_000, "0123456789\n"));
    const edit = (meanwhile: () => void) =>
      node.call(async () => {
        const read = await node.bridge.readFile({ filePath: "large" });
        meanwhile();
        await node.bridge.writeFile({ filePath: "large", data: `${read.toString()}more` });
      });
    await edit(() => {});
    expect(statSync(path).size).toBe(5_000_004);
    await expect(edit(() => writeFileSync(path, "x", { flag: "a" }))).rejects.toThrow(
      "(5,000,004 bytes then, 5,000,005 bytes now)",
    );
  });

  test("holds a call in an unknown context, too", async () => {
    using node = localNode();
    const path = node.at("ws", "a");
    writeFileSync(path, "before");
    await node.bridge.readFile({ filePath: "a" });
    writeFileSync(path, "theirs");
    await expect(node.bridge.writeFile({ filePath: "a", data: "ours" })).rejects.toThrow(/FILE_CHANGED/);
    expect(readFileSync(path, "utf8")).toBe("theirs");
    await node.bridge.readFile({ filePath: "a" });
    await node.bridge.writeFile({ filePath: "a", data: "ours" });
    expect(readFileSync(path, "utf8")).toBe("ours");
  });
});

describe("a removal of what was read", () => {
  test("is refused when the file is another by then, and done when it is not", async () => {
    for (const userland of [SH, ...USERLANDS.slice(1)]) {
      using node = localNode({ userland });
      const path = node.at("ws", "a");
      const remove = (meanwhile: () => void) =>
        node.call(async () => {
          await node.bridge.readFile({ filePath: "a" });
          meanwhile();
          await node.bridge.remove({ filePath: "a", force: false });
        });
      writeFileSync(path, "before");
      await expect(remove(() => writeFileSync(path, "theirs!"))).rejects.toThrow(
        `${PREFIX(path)} (6 bytes then, 7 bytes now); it was not removed; read it again before you remove it`,
      );
      expect(readFileSync(path, "utf8")).toBe("theirs!");
      await remove(() => {});
      expect(existsSync(path)).toBe(false);
    }
  });
});
