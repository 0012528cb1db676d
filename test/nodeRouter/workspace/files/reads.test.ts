// Reading from a node: sizes, special files, directories and what is not there.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { localNode } from "./localNode.ts";

const MIB = 1024 * 1024;

describe("a file", () => {
  test("of 50 MB is read whole", async () => {
    using node = localNode();
    const data = Buffer.alloc(50_000_000, "0123456789abcdef\0\xff");
    writeFileSync(node.at("ws", "big"), data);
    expect((await node.bridge.readFile({ filePath: "big" })).equals(data)).toBe(true);
  });

  test("of 1 GB is refused with what to do, and nothing of it is sent", async () => {
    let sent = 0;
    using node = localNode({
      intercept: async (_request, run) => {
        const collected = await run();
        sent += collected.stdout.length;
        return collected;
      },
    });
    const path = node.at("ws", "huge");
    writeFileSync(path, "");
    truncateSync(path, 1024 * MIB);
    expect(await node.bridge.stat({ filePath: "huge" })).toMatchObject({ type: "file", size: 1024 * MIB });
    await expect(node.bridge.readFile({ filePath: "huge" })).rejects.toThrow(
      `FILE_TOO_LARGE: read of "${path}" on node "mac-sg": it has 1073741824 bytes, and the limit is 67108864; look at a part of it with exec on the node`,
    );
    expect(sent).toBeLessThan(1000);
  });

  test("of exactly the limit is read, one byte more is not", async () => {
    using node = localNode();
    writeFileSync(node.at("ws", "a"), "12345");
    expect((await node.bridge.readFile({ filePath: "a", maxBytes: 5 })).toString()).toBe("12345");
    await expect(node.bridge.readFile({ filePath: "a", maxBytes: 4 })).rejects.toMatchObject({
      code: "FILE_TOO_LARGE",
    });
    // Also when the content is already here.
    await node.call(async () => {
      await node.bridge.stat({ filePath: "a" });
      await expect(node.bridge.readFile({ filePath: "a", maxBytes: 4 })).rejects.toMatchObject({
        code: "FILE_TOO_LARGE",
      });
    });
    for (const maxBytes of [-1, 1.5, Number.NaN]) {
      await expect(node.bridge.readFile({ filePath: "a", maxBytes })).rejects.toThrow(RangeError);
    }
  });

  test("of 64 MiB is read, and one byte more is refused", async () => {
    using node = localNode();
    const path = node.at("ws", "edge");
    writeFileSync(path, "");
    truncateSync(path, 64 * MIB);
    expect((await node.bridge.readFile({ filePath: "edge" })).length).toBe(64 * MIB);
    truncateSync(path, 64 * MIB + 1);
    await expect(node.bridge.readFile({ filePath: "edge" })).rejects.toMatchObject({
      code: "FILE_TOO_LARGE",
    });
  });

  test("of 1 MiB comes with its stat in a tool call, a larger one takes a second trip", async () => {
    using node = localNode();
    writeFileSync(node.at("ws", "small"), Buffer.alloc(MIB, 1));
    writeFileSync(node.at("ws", "large"), Buffer.alloc(MIB + 1, 1));
    const readAfterStat = (filePath: string) =>
      node.call(async () => {
        await node.bridge.stat({ filePath });
        await node.bridge.readFile({ filePath });
      });
    expect(await node.trips(() => readAfterStat("small"))).toBe(1);
    expect(await node.trips(() => readAfterStat("large"))).toBe(2);
  });

  test.runIf(existsSync("/proc/cpuinfo"))("of /proc, which says size 0, is read whole", async () => {
    using node = localNode({ paths: ["/"] });
    expect(await node.bridge.stat({ filePath: "/proc/cpuinfo" })).toMatchObject({ type: "file", size: 0 });
    expect((await node.bridge.readFile({ filePath: "/proc/cpuinfo" })).toString()).toContain("processor");
  });

  test("that its user may not read fails with the reason, while its stat works", async () => {
    using node = localNode({ asNobody: true });
    writeFileSync(node.at("ws", "secret"), "x", { mode: 0o000 });
    expect(await node.bridge.stat({ filePath: "secret" })).toMatchObject({ type: "file", size: 1 });
    await expect(node.bridge.readFile({ filePath: "secret" })).rejects.toThrow(
      `FILE_FAILED: read of "${join(node.root, "secret")}" on node "mac-sg": Permission denied`,
    );
  });

  test("that is missing is ENOENT, below a file ENOTDIR, a directory EISDIR", async () => {
    using node = localNode();
    writeFileSync(node.at("ws", "file"), "");
    const read = (filePath: string) => node.bridge.readFile({ filePath });
    await expect(read("none")).rejects.toMatchObject({
      code: "ENOENT",
      message: /^FILE_NOT_FOUND: read of /,
    });
    await expect(read("no/such")).rejects.toMatchObject({ code: "ENOENT" });
    await expect(read("file/below")).rejects.toMatchObject({ code: "ENOTDIR" });
    await expect(read(".")).rejects.toMatchObject({ code: "EISDIR" });
  });

  test("tells where it really is", async () => {
    using node = localNode({ paths: ["/"] });
    writeFileSync(node.at("ws", "sub", "file"), "x");
    spawnSync("ln", ["-s", "sub/file", join(node.root, "link")]);
    expect(await node.bridge.readFileWithSource({ filePath: "link" })).toEqual({
      data: Buffer.from("x"),
      canonicalPath: join(node.root, "sub", "file"),
      workspaceRelativePath: "link",
    });
    writeFileSync(node.at("other"), "y");
    expect(await node.bridge.readFileWithSource({ filePath: node.at("other") })).toEqual({
      data: Buffer.from("y"),
      canonicalPath: node.at("other"),
    });
  });
});

describe("a special file", () => {
  test("is never opened: a read of a pipe that nobody writes to ends at once", async () => {
    using node = localNode({ paths: ["/dev"] });
    spawnSync("mkfifo", [node.at("ws", "pipe")]);
    const server = createServer().listen(join(node.root, "socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    for (const filePath of ["pipe", "socket", "/dev/null"]) {
      expect(await node.bridge.stat({ filePath })).toMatchObject({ type: "other" });
      for (const step of [
        () => node.bridge.readFile({ filePath }),
        () => node.bridge.writeFile({ filePath, data: "x" }),
        () => node.bridge.copyFile({ sourcePath: filePath, destinationPath: "copy" }),
      ]) {
        await expect(step()).rejects.toThrow(/FILE_FAILED: .*never open; use exec/);
      }
    }
    server.close();
  });
});

describe("a directory", () => {
  test("of 10,000 entries is listed in one trip", async () => {
    using node = localNode();
    mkdirSync(node.root);
    const names = Array.from({ length: 10_000 }, (_, index) => `file ${index}\n"`);
    for (const name of names) writeFileSync(join(node.root, name), "");
    const trips = await node.trips(async () => {
      const listed = await node.bridge.readDirectory({ filePath: "." });
      expect(listed.map(({ name }) => name).sort()).toEqual(names.sort());
    });
    expect(trips).toBe(1);
  });

  test("that is empty, missing, a file or closed is told apart", async () => {
    using node = localNode({ asNobody: true });
    mkdirSync(node.at("ws", "empty"), { recursive: true });
    writeFileSync(node.at("ws", "file"), "");
    mkdirSync(node.at("ws", "closed"));
    chmodSync(node.at("ws", "closed"), 0o000);
    mkdirSync(node.at("ws", "enter-only"));
    chmodSync(node.at("ws", "enter-only"), 0o111);
    const list = (filePath: string) => node.bridge.readDirectory({ filePath });
    expect(await list("empty")).toEqual([]);
    await expect(list("none")).rejects.toMatchObject({ code: "ENOENT" });
    await expect(list("file")).rejects.toMatchObject({ code: "ENOTDIR" });
    await expect(list("closed")).rejects.toThrow(/FILE_FAILED: list of .*: Permission denied/);
    await expect(list("enter-only")).rejects.toThrow(/FILE_FAILED: list of .*: Permission denied/);
    await expect(node.bridge.stat({ filePath: "closed/x" })).rejects.toThrow(
      /FILE_FAILED: stat of .*: Permission denied/,
    );
  });
});
