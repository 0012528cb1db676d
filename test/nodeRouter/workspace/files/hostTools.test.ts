// The host's real tools on a node: what they do there, in which steps, and in how many trips.
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Collected } from "../../../../src/nodeRouter/transports/transport.ts";
import { refused } from "../../../support/refused.ts";
import { type HostTools, hostTools, loadToolFactory, type ToolOptions } from "./hostTools.ts";
import { type Arrangement, GATEWAY_WORKSPACE, type LocalNode, localNode } from "./localNode.ts";

let factory: Awaited<ReturnType<typeof loadToolFactory>>;
beforeAll(async () => {
  factory = await loadToolFactory();
}, 60_000);

interface Setting extends Disposable {
  readonly node: LocalNode;
  readonly tools: HostTools;
}

function arrange(options: Partial<ToolOptions> = {}, arrangement: Arrangement = {}): Setting {
  const node = localNode(arrangement);
  const tools = hostTools(factory, { root: node.root, bridge: node.bridge, ...options });
  return { node, tools, [Symbol.dispose]: () => node[Symbol.dispose]() };
}

describe("read", () => {
  test("takes one trip: the content comes with the stat", async () => {
    using setting = arrange();
    const { node, tools } = setting;
    writeFileSync(node.at("ws", "notes.txt"), "one\ntwo\n");
    expect(await node.trips(() => tools.call("read", { path: "notes.txt" }))).toBe(1);
    expect(tools.calls()).toEqual(["stat", "readFile"]);
    expect((await tools.call("read", { path: join(node.root, "notes.txt") })).text).toContain("two");
    expect((await tools.call("read", { path: `${GATEWAY_WORKSPACE}/notes.txt` })).text).toContain("two");
  });

  test("of 256 KiB takes one trip", async () => {
    using setting = arrange();
    const { node, tools } = setting;
    writeFileSync(node.at("ws", "big.txt"), `${"x".repeat(63)}\n`.repeat(4096));
    expect(await node.trips(() => tools.call("read", { path: "big.txt" }))).toBe(1);
  });

  test("in several pages for a large model takes one trip, not one a page", async () => {
    using setting = arrange({ contextTokens: 1_000_000 });
    const { node, tools } = setting;
    writeFileSync(node.at("ws", "pages.txt"), `${"y".repeat(30)}\n`.repeat(6000));
    expect(await node.trips(() => tools.call("read", { path: "pages.txt" }))).toBe(1);
    // Each page is a stat and a read of the same file.
    expect(tools.calls().length).toBeGreaterThan(2);
  });

  test("sees a file that changed since the last call", async () => {
    using setting = arrange();
    const { node, tools } = setting;
    const path = node.at("ws", "log");
    writeFileSync(path, "first");
    await tools.call("read", { path: "log" });
    writeFileSync(path, "second");
    expect((await tools.call("read", { path: "log" })).text).toContain("second");
  });

  test("sees the newest version in every call, however fast they follow, also from two sessions at once", async () => {
    using setting = arrange();
    const { node, tools } = setting;
    const other = hostTools(factory, { root: node.root, bridge: node.bridge });
    const path = node.at("ws", "log");
    for (let version = 0; version < 6; version++) {
      writeFileSync(path, `version ${version}`);
      const texts = await Promise.all(
        [tools, other, tools].map((each) => each.call("read", { path: "log" })),
      );
      expect(texts.map(({ text }) => text)).toEqual(Array.from(texts, () => `version ${version}`));
    }
  });

  test("of several pages is one version, while the file changes at every step", async () => {
    let version = 0;
    const text = (letter: string) => `${letter.repeat(30)}\n`.repeat(6000);
    using setting = arrange(
      { contextTokens: 1_000_000 },
      {
        intercept: async (request, run) => {
          const collected = await run();
          version += 1;
          writeFileSync(join(request.args?.[0] ?? "", "pages.txt"), text("abcdefgh"[version] ?? "z"));
          return collected;
        },
      },
    );
    const { node, tools } = setting;
    writeFileSync(node.at("ws", "pages.txt"), text("a"));
    const first = (await tools.call("read", { path: "pages.txt" })).text;
    expect(tools.calls().filter((name) => name === "readFile").length).toBeGreaterThan(1);
    expect(new Set(first.split("\n").filter((line) => /^[a-z]{30}$/.test(line)))).toEqual(
      new Set(["a".repeat(30)]),
    );
    const second = (await tools.call("read", { path: "pages.txt" })).text;
    expect(second).toContain("b".repeat(30));
  });

  test("outside of a tool call asks the node at every step", async () => {
    using node = localNode();
    const path = node.at("ws", "media.png");
    for (let version = 0; version < 3; version++) {
      writeFileSync(path, `${version}`);
      await node.bridge.stat({ filePath: "media.png" });
      writeFileSync(path, `${version}!`);
      expect((await node.bridge.readFile({ filePath: "media.png" })).toString()).toBe(`${version}!`);
    }
  });

  test("says that a file is missing, also when it is optional", async () => {
    using setting = arrange();
    const { tools } = setting;
    await expect(tools.call("read", { path: "none.txt" })).rejects.toThrow(/File not found/);
    expect((await tools.call("read", { path: "none.txt", optional: true })).text).toContain(
      "Optional file not found",
    );
  });

  test("finds a name in its other Unicode form", async () => {
    using setting = arrange();
    const { node, tools } = setting;
    writeFileSync(node.at("ws", "re\u0301sume\u0301.txt"), "found");
    expect((await tools.call("read", { path: "r\u00e9sum\u00e9.txt" })).text).toContain("found");
  });

  test("attaches an image", async () => {
    using setting = arrange();
    const { node, tools } = setting;
    const PIXEL =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    writeFileSync(node.at("ws", "pixel.png"), Buffer.from(PIXEL, "base64"));
    const { text } = await tools.call("read", { path: "pixel.png" });
    expect(text).toContain("image/png");
  });
});

describe("write", () => {
  test("of a new file takes two trips", async () => {
    using setting = arrange();
    const { node, tools } = setting;
    expect(await node.trips(() => tools.call("write", { path: "new.txt", content: "hello" }))).toBe(2);
    expect(tools.calls()).toEqual(["stat", "mkdirp", "writeFile", "stat", "readFile"]);
    expect(readFileSync(join(node.root, "new.txt"), "utf8")).toBe("hello");
  });

  test("into directories that are not there yet takes two trips", async () => {
    using setting = arrange();
    const { node, tools } = setting;
    expect(await node.trips(() => tools.call("write", { path: "a/b/c.txt", content: "deep" }))).toBe(2);
    expect(readFileSync(join(node.root, "a/b/c.txt"), "utf8")).toBe("deep");
    expect(node.changes.map(({ operation }) => operation)).toEqual(["write"]);
  });

  test("over another file takes two trips, whether it has the same size or not", async () => {
    using setting = arrange();
    const { node, tools } = setting;
    writeFileSync(node.at("ws", "old.txt"), "12345");
    expect(await node.trips(() => tools.call("write", { path: "old.txt", content: "54321" }))).toBe(2);
    expect(tools.calls()).toEqual(["stat", "readFile", "mkdirp", "writeFile", "stat", "readFile"]);
    expect(await node.trips(() => tools.call("write", { path: "old.txt", content: "longer text" }))).toBe(2);
    expect(readFileSync(join(node.root, "old.txt"), "utf8")).toBe("longer text");
  });

  test("over a file of 1 MiB takes two trips", async () => {
    using setting = arrange();
    const { node, tools } = setting;
    writeFileSync(node.at("ws", "large.txt"), "z".repeat(1024 * 1024));
    expect(await node.trips(() => tools.call("write", { path: "large.txt", content: "small" }))).toBe(2);
  });

  test("of what is there already takes one trip and changes nothing", async () => {
    using setting = arrange();
    const { node, tools } = setting;
    const path = node.at("ws", "same.txt");
    writeFileSync(path, "same");
    const before = statSync(path).ino;
    expect(await node.trips(() => tools.call("write", { path: "same.txt", content: "same" }))).toBe(1);
    expect(statSync(path).ino).toBe(before);
  });

  test("into the memory takes two trips", async () => {
    using setting = arrange({ memory: true });
    const { node, tools } = setting;
    writeFileSync(node.at("ws", "memory", "2026-01-01.md"), "before");
    const trips = await node.trips(() =>
      tools.call("write", { path: "memory/2026-01-01.md", content: "after" }),
    );
    expect(trips).toBe(2);
    expect(tools.calls().filter((name) => name === "readFile").length).toBeGreaterThan(2);
  });

  test("is not reported as done when the file was changed before it was verified", async () => {
    using setting = arrange(
      {},
      {
        intercept: async (request, run) => {
          const collected = await run();
          if (request.input?.length)
            writeFileSync(join(request.args?.[0] ?? "", "raced.txt"), "somebody else's");
          return { ...collected, stdout: Buffer.from("0\0\0/\0raced.txt\0") };
        },
      },
    );
    const { tools } = setting;
    await expect(tools.call("write", { path: "raced.txt", content: "ours" })).rejects.toThrow();
  });
});

describe("edit", () => {
  test("takes two trips", async () => {
    using setting = arrange();
    const { node, tools } = setting;
    writeFileSync(node.at("ws", "code.ts"), "const a = 1;\nconst b = 2;\n", { mode: 0o755 });
    const edit = () =>
      tools.call("edit", { path: "code.ts", edits: [{ oldText: "b = 2", newText: "b = 3" }] });
    expect(await node.trips(edit)).toBe(2);
    expect(tools.calls()).toEqual(["stat", "readFile", "writeFile", "stat", "readFile"]);
    expect(readFileSync(join(node.root, "code.ts"), "utf8")).toBe("const a = 1;\nconst b = 3;\n");
    expect(statSync(join(node.root, "code.ts")).mode & 0o777).toBe(0o755);
  });

  /** An edit of "b = 2" in whose course `meanwhile` changes the file, right before its write is sent. */
  const racing = (
    meanwhile: (path: string) => void,
    after: (collected: Collected) => Collected = (same) => same,
  ) => {
    let writes = 0;
    const setting = arrange(
      {},
      {
        intercept: async (request, run) => {
          if ((request.input?.length ?? 0) === 0) return await run();
          writes += 1;
          meanwhile(join(request.args?.[0] ?? "", "code.ts"));
          return after(await run());
        },
      },
    );
    writeFileSync(setting.node.at("ws", "code.ts"), "a = 1\nb = 2\n");
    return {
      ...setting,
      writes: () => writes,
      path: join(setting.node.root, "code.ts"),
      edit: () =>
        setting.tools.call("edit", { path: "code.ts", edits: [{ oldText: "b = 2", newText: "b = 3" }] }),
      patch: (...more: readonly string[]) =>
        setting.tools.call("apply_patch", {
          input: [
            "*** Begin Patch",
            "*** Update File: code.ts",
            ...more,
            "@@",
            "-b = 2",
            "+b = 3",
            "*** End Patch",
          ].join("\n"),
        }),
    };
  };
  const LOST: Collected["outcome"] = {
    kind: "unknown",
    ...refused("OUTCOME_UNKNOWN", "the connection was lost"),
    processGroup: null,
  };

  test("never loses what somebody else wrote meanwhile, and says so", async () => {
    for (const tool of ["edit", "patch"] as const) {
      using race = racing((path) => writeFileSync(path, "a = 1\nb = 2\nc = 3\n"));
      await expect(race[tool]()).rejects.toThrow(
        /FILE_CHANGED: ".*code\.ts" on node "mac-sg" changed since it was read \(12 bytes then, 18 bytes now\); nothing was written; read it again and repeat the edit/,
      );
      expect(readFileSync(race.path, "utf8")).toBe("a = 1\nb = 2\nc = 3\n");
      expect(race.writes()).toBe(1);
    }
  });

  test("that was refused is no success, even when somebody else wrote the very same", async () => {
    for (const tool of ["edit", "patch"] as const) {
      using race = racing((path) => writeFileSync(path, "a = 1\nb = 3\n"));
      await expect(race[tool]()).rejects.toThrow(/FILE_CHANGED/);
      expect(race.writes()).toBe(1);
    }
    using write = arrange(
      {},
      {
        intercept: async (request, run) => {
          if (request.input?.length) writeFileSync(join(request.args?.[0] ?? "", "new.txt"), "the same");
          return await run();
        },
      },
    );
    await expect(write.tools.call("write", { path: "new.txt", content: "the same" })).rejects.toThrow(
      /FILE_CHANGED: .*nothing was there then, 8 bytes now/,
    );
  });

  test("that is repeated after the refusal is done on what is there by then", async () => {
    let raced = false;
    using race = racing((path) => {
      if (raced) return;
      raced = true;
      writeFileSync(path, "a = 1\nb = 2\nc = 3\n");
    });
    await expect(race.edit()).rejects.toThrow(/FILE_CHANGED/);
    await race.edit();
    expect(readFileSync(race.path, "utf8")).toBe("a = 1\nb = 3\nc = 3\n");
  });

  test("whose connection is lost is sent once, and a success only when the node has it", async () => {
    using stored = racing(
      () => {},
      (collected) => ({ ...collected, outcome: LOST, stdout: Buffer.alloc(0) }),
    );
    await stored.edit();
    expect(stored.writes()).toBe(1);
    expect(readFileSync(stored.path, "utf8")).toBe("a = 1\nb = 3\n");

    using lost = racing(
      () => {},
      (collected) => {
        writeFileSync(lost.path, "a = 1\nb = 2\n");
        return { ...collected, outcome: LOST, stdout: Buffer.alloc(0) };
      },
    );
    await expect(lost.edit()).rejects.toThrow(/OUTCOME_UNKNOWN/);
    expect(lost.writes()).toBe(1);
  });

  test("by a patch that moves the file keeps a change of the old one, and says what was made", async () => {
    using setting = arrange(
      {},
      {
        intercept: async (request, run) => {
          const collected = await run();
          if (request.input?.length) writeFileSync(join(request.args?.[0] ?? "", "code.ts"), "theirs");
          return collected;
        },
      },
    );
    const { node, tools } = setting;
    writeFileSync(node.at("ws", "code.ts"), "b = 2\n");
    const input = [
      "*** Begin Patch",
      "*** Update File: code.ts",
      "*** Move to: moved.ts",
      "@@",
      "-b = 2",
      "+b = 3",
      "*** End Patch",
    ].join("\n");
    await expect(tools.call("apply_patch", { input })).rejects.toThrow(/FILE_CHANGED: .*it was not removed/);
    expect(readFileSync(join(node.root, "code.ts"), "utf8")).toBe("theirs");
    expect(readFileSync(join(node.root, "moved.ts"), "utf8")).toBe("b = 3\n");
  });

  test("keeps line ends, a byte order mark and a missing last line end", async () => {
    using setting = arrange();
    const { node, tools } = setting;
    const path = node.at("ws", "dos.txt");
    writeFileSync(path, "\ufeffone\r\ntwo\r\nthree");
    await tools.call("edit", { path: "dos.txt", edits: [{ oldText: "two", newText: "2" }] });
    expect(readFileSync(path, "utf8")).toBe("\ufeffone\r\n2\r\nthree");
    await tools.call("apply_patch", {
      input: ["*** Begin Patch", "*** Update File: dos.txt", "@@", "-three", "+3", "*** End Patch"].join(
        "\n",
      ),
    });
    expect(readFileSync(path, "utf8")).toBe("\ufeffone\r\n2\r\n3");
  });

  test("of a file that is no text is refused, and nothing is written", async () => {
    using setting = arrange();
    const { node, tools } = setting;
    const path = node.at("ws", "latin.txt");
    writeFileSync(path, Buffer.from("caf\xe9 b = 2", "latin1"));
    const edit = tools.call("edit", { path: "latin.txt", edits: [{ oldText: "b = 2", newText: "b = 3" }] });
    await expect(edit).rejects.toThrow(/UTF-8/i);
    expect(readFileSync(path)).toEqual(Buffer.from("caf\xe9 b = 2", "latin1"));
  });

  test("says what is not there", async () => {
    using setting = arrange();
    const { node, tools } = setting;
    writeFileSync(node.at("ws", "code.ts"), "const a = 1;\n");
    const edit = (path: string) => tools.call("edit", { path, edits: [{ oldText: "nope", newText: "x" }] });
    await expect(edit("code.ts")).rejects.toThrow(/Could not find/);
    await expect(edit("none.ts")).rejects.toThrow(/ENOENT/);
    mkdirSync(join(node.root, "folder"));
    await expect(edit("folder")).rejects.toThrow(/EISDIR/);
  });
});

describe("apply_patch", () => {
  const patch = (...lines: string[]) => ({
    input: ["*** Begin Patch", ...lines, "*** End Patch"].join("\n"),
  });

  test("adds, changes, moves and deletes", async () => {
    using setting = arrange();
    const { node, tools } = setting;
    writeFileSync(node.at("ws", "old.txt"), "one\ntwo\n");
    writeFileSync(node.at("ws", "gone.txt"), "bye\n");
    await tools.call("apply_patch", patch("*** Add File: deep/er/new.txt", "+hello"));
    expect(tools.calls()).toEqual(["mkdirp", "createFileExclusive"]);
    await tools.call("apply_patch", patch("*** Update File: old.txt", "@@", "-two", "+three"));
    expect(tools.calls()).toEqual(["readFile", "readFile", "writeFile"]);
    await tools.call(
      "apply_patch",
      patch("*** Update File: old.txt", "*** Move to: moved/old.txt", "@@", "-one", "+1"),
    );
    expect(tools.calls()).toEqual(["readFile", "mkdirp", "createFileExclusive", "remove"]);
    await tools.call("apply_patch", patch("*** Delete File: gone.txt"));
    expect(tools.calls()).toEqual(["remove"]);
    expect(readFileSync(join(node.root, "deep/er/new.txt"), "utf8")).toBe("hello\n");
    expect(readFileSync(join(node.root, "moved/old.txt"), "utf8")).toBe("1\nthree\n");
    expect(existsSync(join(node.root, "old.txt"))).toBe(false);
    expect(existsSync(join(node.root, "gone.txt"))).toBe(false);
  });

  test("changes a file in two trips", async () => {
    using setting = arrange();
    const { node, tools } = setting;
    writeFileSync(node.at("ws", "a.txt"), "one\ntwo\n");
    const change = patch("*** Update File: a.txt", "@@", "-two", "+three");
    expect(await node.trips(() => tools.call("apply_patch", change))).toBe(2);
  });

  test("never overwrites with an added file", async () => {
    using setting = arrange();
    const { node, tools } = setting;
    writeFileSync(node.at("ws", "there.txt"), "mine");
    await expect(tools.call("apply_patch", patch("*** Add File: there.txt", "+yours"))).rejects.toThrow(
      /already exists/,
    );
    expect(readFileSync(join(node.root, "there.txt"), "utf8")).toBe("mine");
  });
});

describe("ls", () => {
  test("takes one trip and marks real directories only", async () => {
    using setting = arrange();
    const { node, tools } = setting;
    mkdirSync(node.at("ws", "dir"), { recursive: true });
    writeFileSync(join(node.root, ".hidden"), "");
    symlinkSync("dir", join(node.root, "link"));
    expect(await node.trips(() => tools.call("ls", {}))).toBe(1);
    const { text } = await tools.call("ls", { path: "." });
    expect(text.split("\n")).toEqual(['".hidden"', '"dir/"', '"link"']);
  });

  test("of a workspace that was never used is an empty directory, made by it", async () => {
    using setting = arrange();
    const { node, tools } = setting;
    expect((await tools.call("ls", {})).text).toBe("(empty directory)");
    expect(statSync(node.root).isDirectory()).toBe(true);
  });
});

describe("paths outside the workspace", () => {
  test("are refused by every tool, and nothing is sent for them", async () => {
    using setting = arrange();
    const { node, tools } = setting;
    for (const path of ["/etc/passwd", "../x", "/gateway/state/other", "~/x"]) {
      await expect(tools.call("read", { path })).rejects.toThrow(/PATH_NOT_ALLOWED/);
      await expect(tools.call("write", { path, content: "x" })).rejects.toThrow(/PATH_NOT_ALLOWED/);
      await expect(tools.call("ls", { path })).rejects.toThrow(/PATH_NOT_ALLOWED/);
    }
    expect(node.requests).toEqual([]);
  });

  test("may be used when `paths` allows them; the host's own workspaceOnly then still stops writes, not reads", async () => {
    using free = arrange({}, { paths: ["/"] });
    const other = free.node.at("elsewhere", "x.txt");
    await free.tools.call("write", { path: other, content: "there" });
    expect(readFileSync(other, "utf8")).toBe("there");
    const bound = hostTools(factory, { root: free.node.root, bridge: free.node.bridge, workspaceOnly: true });
    expect((await bound.call("read", { path: other })).text).toContain("there");
    await expect(bound.call("write", { path: other, content: "x" })).rejects.toThrow(
      /Path escapes sandbox root/,
    );
    await bound.call("write", { path: "in.txt", content: "in" });
    await bound.call("edit", { path: "in.txt", edits: [{ oldText: "in", newText: "inside" }] });
    expect((await bound.call("ls", {})).text).toBe('"in.txt"');
    expect(readFileSync(join(free.node.root, "in.txt"), "utf8")).toBe("inside");
  });
});
