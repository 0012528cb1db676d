// What the audit is told of file changes, and how it can stop them.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { PlannedChange } from "../../../../src/nodeRouter/workspace/files/fileBridge.ts";
import { localNode } from "./localNode.ts";

test("every change is told before it is sent and after it ended, with what it was", async () => {
  const planned: PlannedChange[] = [];
  let sentBefore = 0;
  using node = localNode({
    beforeChange: async (change) => {
      planned.push(change);
      sentBefore = node.requests.length;
    },
  });
  const { bridge, root } = node;
  await bridge.writeFile({ filePath: "a", data: "12345" });
  expect(sentBefore).toBe(0);
  await bridge.createFileExclusive({ filePath: "b", data: "123" });
  await bridge.mkdirp({ filePath: "dir" });
  await bridge.copyFile({ sourcePath: "a", destinationPath: "c" });
  await bridge.rename({ from: "c", to: "d" });
  await bridge.remove({ filePath: "d" });
  const at = { startedAtMs: 1_000_000, endedAtMs: 1_000_000, outcome: "done" };
  expect(node.changes).toEqual([
    { operation: "write", path: join(root, "a"), bytes: 5, ...at },
    { operation: "create", path: join(root, "b"), bytes: 3, ...at },
    { operation: "mkdir", path: join(root, "dir"), bytes: 0, ...at },
    { operation: "copy", path: join(root, "a"), to: join(root, "c"), bytes: 5, ...at },
    { operation: "rename", path: join(root, "c"), to: join(root, "d"), bytes: 0, ...at },
    { operation: "remove", path: join(root, "d"), bytes: 0, ...at },
  ]);
  expect(planned.map(({ operation }) => operation)).toEqual(node.changes.map(({ operation }) => operation));
});

test("a change that cannot be recorded is not sent", async () => {
  using node = localNode({
    beforeChange: async () => {
      throw new Error("AUDIT_UNAVAILABLE: disk full");
    },
  });
  writeFileSync(node.at("ws", "a"), "");
  const { bridge } = node;
  for (const step of [
    () => bridge.writeFile({ filePath: "a", data: "x" }),
    () => bridge.createFileExclusive({ filePath: "b", data: "x" }),
    () => bridge.mkdirp({ filePath: "dir" }),
    () => bridge.remove({ filePath: "a" }),
    () => bridge.rename({ from: "a", to: "b" }),
    () => bridge.copyFile({ sourcePath: "a", destinationPath: "b" }),
  ]) {
    await expect(step()).rejects.toThrow("AUDIT_UNAVAILABLE");
  }
  expect(node.requests).toEqual([]);
  expect(node.changes).toEqual([]);
  expect(existsSync(join(node.root, "b"))).toBe(false);
});

test("reading is no change", async () => {
  using node = localNode();
  await node.bridge.stat({ filePath: "a" });
  await node.bridge.readDirectory({ filePath: "." });
  expect(node.changes).toEqual([]);
});

test("what was refused on the node is a failed change with its error", async () => {
  using node = localNode();
  writeFileSync(node.at("ws", "a"), "");
  await node.bridge.createFileExclusive({ filePath: "a", data: "x" });
  await expect(node.bridge.remove({ filePath: "none", force: false })).rejects.toThrow();
  expect(node.changes).toMatchObject([
    { operation: "create", outcome: "failed", error: /^FILE_EXISTS: / },
    { operation: "remove", outcome: "failed", error: /^FILE_NOT_FOUND: / },
  ]);
});

test("a fault that is not ours says nothing of what happened on the node", async () => {
  using node = localNode({
    intercept: async () => {
      throw new TypeError("a bug");
    },
  });
  await expect(node.bridge.writeFile({ filePath: "a", data: "x" })).rejects.toThrow("a bug");
  expect(node.changes).toMatchObject([{ outcome: "unknown", error: "a bug" }]);
});
