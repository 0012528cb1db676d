// What goes wrong on the way and on the node: nothing half is ever published, and the words say what holds.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Collected, Outcome } from "../../../../src/nodeRouter/transports/transport.ts";
import { refused } from "../../../support/refused.ts";
import { localNode } from "./localNode.ts";

/** What the scripts need: POSIX tools, and readlink and stat, which every system has. */
const TOOLS = [
  "sh",
  "cat",
  "chmod",
  "chgrp",
  "chown",
  "cksum",
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

const ended = (outcome: Outcome): Collected => ({
  outcome,
  stdout: Buffer.alloc(0),
  stderr: Buffer.alloc(0),
});
const LOST: Outcome = {
  kind: "unknown",
  ...refused("OUTCOME_UNKNOWN", "the connection was lost"),
  processGroup: null,
};

describe("content that does not arrive whole", () => {
  const CUTS: Readonly<Record<string, (input: Buffer) => Buffer>> = {
    "cut at once": () => Buffer.alloc(0),
    "cut in the middle": (input) => input.subarray(0, input.length / 2),
    "without its last byte": (input) => input.subarray(0, -1),
    "with a byte too many": (input) => Buffer.concat([input, Buffer.from("x")]),
    "with a changed byte": (input) => {
      const changed = Buffer.from(input);
      changed[7] = (changed[7] ?? 0) ^ 1;
      return changed;
    },
  };

  test.each(Object.entries(CUTS))("%s is never published", async (_name, deliver) => {
    using node = localNode({ deliver });
    writeFileSync(node.at("ws", "old"), "as it was");
    const data = "content ".repeat(10_000);
    await expect(node.bridge.writeFile({ filePath: "old", data })).rejects.toThrow(
      `FILE_FAILED: write of "${join(node.root, "old")}" on node "mac-sg": not all of it arrived; the file is as it was`,
    );
    await expect(node.bridge.writeFile({ filePath: "new", data })).rejects.toThrow(/not all of it arrived/);
    await expect(node.bridge.createFileExclusive({ filePath: "new", data })).rejects.toThrow(
      /not all of it arrived/,
    );
    expect(readFileSync(join(node.root, "old"), "utf8")).toBe("as it was");
    expect(readdirSync(node.root)).toEqual(["old"]);
  });
});

describe("a disk that is full", () => {
  test("of a limit on file size leaves the file and no rest", async () => {
    using node = localNode({ before: "ulimit -f 8" });
    writeFileSync(node.at("ws", "old"), "as it was");
    await expect(node.bridge.writeFile({ filePath: "old", data: "x".repeat(100_000) })).rejects.toThrow(
      /FILE_FAILED: write of .*; the file is as it was$/,
    );
    expect(readFileSync(join(node.root, "old"), "utf8")).toBe("as it was");
    expect(readdirSync(node.root)).toEqual(["old"]);
  });

  test("says so, as its tools do", async () => {
    // A full disk needs rights that tests seldom have: its words are those of strerror(3).
    using node = localNode({
      tools: { cat: 'echo "cat: write error: No space left on device" >&2; exit 1' },
    });
    writeFileSync(node.at("ws", "old"), "as it was");
    await expect(node.bridge.writeFile({ filePath: "old", data: "new" })).rejects.toThrow(
      `FILE_FAILED: write of "${join(node.root, "old")}" on node "mac-sg": No space left on device; the file is as it was`,
    );
    expect(readFileSync(join(node.root, "old"), "utf8")).toBe("as it was");
    expect(readdirSync(node.root)).toEqual(["old"]);
  });

  const canMount = process.getuid?.() === 0 && process.platform === "linux" && tryMount();
  test.runIf(canMount)("for real (a small tmpfs; only where root may mount)", async () => {
    using node = localNode();
    mkdirSync(node.root);
    spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", node.root]);
    try {
      writeFileSync(join(node.root, "old"), "as it was");
      await expect(node.bridge.writeFile({ filePath: "old", data: "x".repeat(200_000) })).rejects.toThrow(
        /No space left on device; the file is as it was$/,
      );
      expect(readFileSync(join(node.root, "old"), "utf8")).toBe("as it was");
      expect(readdirSync(node.root)).toEqual(["old"]);
      await node.bridge.writeFile({ filePath: "old", data: "small" });
      spawnSync("mount", ["-o", "remount,ro", node.root]);
      for (const filePath of ["old", "new"]) {
        await expect(node.bridge.writeFile({ filePath, data: "x" })).rejects.toThrow(
          /Read-only file system; the file is as it was$/,
        );
      }
      expect(readFileSync(join(node.root, "old"), "utf8")).toBe("small");
    } finally {
      spawnSync("umount", [node.root]);
    }
  });
});

describe("a directory that may not be written", () => {
  test("leaves everything as it is", async () => {
    using node = localNode({ asNobody: true });
    writeFileSync(node.at("ws", "dir", "old"), "as it was", { mode: 0o666 });
    chmodSync(node.at("ws", "dir"), 0o555);
    const { bridge } = node;
    const reason = /FILE_FAILED: (write|create|mkdir|remove|rename|copy) of .*Permission denied/;
    await expect(bridge.writeFile({ filePath: "dir/old", data: "x" })).rejects.toThrow(reason);
    await expect(bridge.writeFile({ filePath: "dir/new", data: "x" })).rejects.toThrow(reason);
    await expect(bridge.createFileExclusive({ filePath: "dir/new", data: "x" })).rejects.toThrow(reason);
    await expect(bridge.mkdirp({ filePath: "dir/sub" })).rejects.toThrow(reason);
    await expect(bridge.remove({ filePath: "dir/old" })).rejects.toThrow(reason);
    await expect(bridge.rename({ from: "dir/old", to: "old" })).rejects.toThrow(reason);
    await expect(bridge.copyFile({ sourcePath: "dir/old", destinationPath: "dir/copy" })).rejects.toThrow(
      reason,
    );
    expect(readdirSync(node.root)).toEqual(["dir"]);
    expect(readdirSync(node.at("ws", "dir"))).toEqual(["old"]);
    expect(node.changes.every(({ outcome }) => outcome === "failed")).toBe(true);
  });
});

describe("a connection that was lost", () => {
  test("after the write is an unknown outcome that says what can hold, and nothing is sent again", async () => {
    using node = localNode({
      intercept: async (request, run) => {
        if ((request.input?.length ?? 0) === 0) return await run();
        await run();
        return ended(LOST);
      },
    });
    const write = node.bridge.writeFile({ filePath: "a", data: "text" });
    await expect(write).rejects.toMatchObject({
      refusal: refused(
        "OUTCOME_UNKNOWN",
        `write of "${join(node.root, "a")}" on node "mac-sg": the connection was lost`,
        "the file is either as before or complete, never half: read it before you write it again",
      ),
    });
    expect(node.requests).toHaveLength(1);
    expect(node.changes).toMatchObject([{ operation: "write", outcome: "unknown", bytes: 4 }]);
    // Nothing is believed of it: the next look asks the node.
    expect(await node.trips(() => node.bridge.stat({ filePath: "a" }))).toBe(1);
  });

  test("while reading changed nothing, and says so", async () => {
    using node = localNode({ intercept: async () => ended(LOST) });
    await expect(node.bridge.readFile({ filePath: "a" })).rejects.toThrow(
      /OUTCOME_UNKNOWN: .*reading again is safe$/,
    );
    await expect(node.bridge.stat({ filePath: "a" })).rejects.toThrow(
      /OUTCOME_UNKNOWN: .*looking again is safe$/,
    );
    await expect(node.bridge.readDirectory({ filePath: "a" })).rejects.toThrow(/listing again is safe$/);
    expect(node.changes).toEqual([]);
  });

  test("before anything began is told apart, with the transport's own code", async () => {
    using node = localNode({
      intercept: async () =>
        ended({ kind: "notStarted", ...refused("NODE_UNREACHABLE", "no route to host") }),
    });
    await expect(node.bridge.writeFile({ filePath: "a", data: "x" })).rejects.toMatchObject({
      code: "NODE_UNREACHABLE",
      message: /^NODE_UNREACHABLE: write of .*: nothing was done: no route to host$/,
    });
    expect(node.changes).toMatchObject([{ outcome: "failed" }]);
  });
});

describe("a script that is ended from outside", () => {
  // chmod is the step right before the file takes its name, where it was executable.
  const killing = (signal: string) => ({ tools: { chmod: `kill -s ${signal} "$PPID"; exit 1` } });

  test("by a signal it can see removes its temporary file", async () => {
    for (const signal of ["TERM", "HUP", "INT"]) {
      using node = localNode(killing(signal));
      writeFileSync(node.at("ws", "old"), "as it was", { mode: 0o755 });
      await expect(node.bridge.writeFile({ filePath: "old", data: "new" })).rejects.toMatchObject({
        code: "OUTCOME_UNKNOWN",
      });
      expect(readFileSync(join(node.root, "old"), "utf8")).toBe("as it was");
      expect(readdirSync(node.root)).toEqual(["old"]);
      expect(node.changes).toMatchObject([{ outcome: "unknown" }]);
    }
  });

  test("by one it cannot see leaves a file that is known by its name, and the target as it was", async () => {
    using node = localNode(killing("KILL"));
    writeFileSync(node.at("ws", "old"), "as it was", { mode: 0o755 });
    await expect(node.bridge.writeFile({ filePath: "old", data: "new" })).rejects.toThrow(
      /OUTCOME_UNKNOWN: .*signal KILL/,
    );
    expect(readFileSync(join(node.root, "old"), "utf8")).toBe("as it was");
    expect(readdirSync(node.root).filter((name) => name !== "old")).toEqual([
      expect.stringMatching(/^\.node-router-[0-9a-f]{32}\.tmp$/),
    ]);
  });
});

describe("a node that says much", () => {
  test("is listened to for its last 64 KiB, and the error is a line", async () => {
    const noise = Buffer.from(`${"9+9 records in bytes copied ".repeat(400_000)}\nend 1\nlast words\n`);
    using node = localNode({
      intercept: async () => ({
        outcome: { kind: "ran", exitCode: 35, signal: null },
        stdout: Buffer.alloc(0),
        stderr: noise,
      }),
    });
    await expect(node.bridge.readFile({ filePath: "a" })).rejects.toMatchObject({
      code: "FILE_FAILED",
      message: expect.stringMatching(/^.{0,600}$/),
    });
  });
});

describe("a node with few tools", () => {
  test("needs no others than these", async () => {
    using node = localNode({ onlyTools: TOOLS });
    const { bridge } = node;
    await bridge.writeFile({ filePath: "a/b", data: "one" });
    await bridge.writeFile({ filePath: "a/b", data: "two" });
    expect(await bridge.createFileExclusive({ filePath: "a/c", data: "new" })).toBe("created");
    await bridge.copyFile({ sourcePath: "a/b", destinationPath: "a/d" });
    await bridge.rename({ from: "a/d", to: "e/f" });
    await bridge.mkdirp({ filePath: "e/g" });
    await bridge.remove({ filePath: "e/g" });
    await bridge.remove({ filePath: "a", recursive: true });
    expect((await bridge.readFile({ filePath: "e/f" })).toString()).toBe("two");
    expect(await bridge.readDirectory({ filePath: "." })).toEqual([{ name: "e", isDirectory: true }]);
  });

  test("without cksum compares the size, and the host's check asks the node instead of believing the write", async () => {
    using whole = localNode({ onlyTools: TOOLS.filter((name) => name !== "cksum") });
    await whole.bridge.writeFile({ filePath: "a", data: "text" });
    expect(await whole.trips(() => whole.bridge.stat({ filePath: "a" }))).toBe(1);
    using cut = localNode({
      onlyTools: TOOLS.filter((name) => name !== "cksum"),
      deliver: (input) => input.subarray(0, -1),
    });
    await expect(cut.bridge.writeFile({ filePath: "a", data: "text" })).rejects.toThrow(
      /not all of it arrived/,
    );
    expect(readdirSync(cut.root)).toEqual([]);
  });

  test("without stat says what is missing", async () => {
    using node = localNode({ onlyTools: TOOLS.filter((name) => name !== "stat") });
    writeFileSync(node.at("ws", "a"), "x");
    await expect(node.bridge.readFile({ filePath: "a" })).rejects.toThrow(/FILE_FAILED: read of .*stat/);
  });
});

test("an answer with other output mixed in is refused, not believed", async () => {
  using node = localNode({
    intercept: async (_request, run) => {
      const collected = await run();
      return { ...collected, stdout: Buffer.concat([Buffer.from("Welcome!\n"), collected.stdout]) };
    },
  });
  writeFileSync(node.at("ws", "a"), "x");
  await expect(node.bridge.readFile({ filePath: "a" })).rejects.toThrow(
    /cut short or mixed with other output/,
  );
  await expect(node.bridge.readDirectory({ filePath: "." })).rejects.toThrow(
    /cut short or mixed with other output/,
  );
});

test("a file that grows without end is not taken for whole", async () => {
  using node = localNode({
    intercept: async (request, run) => {
      const collected = await run();
      const [blocks = ""] = request.args?.slice(6) ?? [];
      const stderr = collected.stderr.toString().replace(/\d+\+\d+ records in/, `${blocks}+0 records in`);
      return { ...collected, stderr: Buffer.from(stderr) };
    },
  });
  writeFileSync(node.at("ws", "log"), "x");
  await expect(node.bridge.readFile({ filePath: "log" })).rejects.toThrow(
    /FILE_TOO_LARGE: .*it grew past the limit/,
  );
});

function tryMount(): boolean {
  using node = localNode();
  mkdirSync(node.root);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", node.root]).status === 0;
  if (mounted) spawnSync("umount", [node.root]);
  else console.info("no real full disk in these tests: this user may not mount");
  return mounted;
}
