// Where on the node a command starts, lexically.
import { expect, test } from "vitest";
import { isRoot, nodeDirectory } from "../../../src/nodeRouter/workspace/workdir.ts";

const at = (workdir: string) => nodeDirectory(workdir, "/gateway/ws", "/node/ws");

test.each([
  ["/node/ws", "/node/ws"],
  ["/node/ws/", "/node/ws"],
  ["/node/ws/sub/../x//y", "/node/ws/x/y"],
  ["/gateway/ws", "/node/ws"],
  ["/gateway/ws/sub", "/node/ws/sub"],
  ["/gateway/wsx", "/gateway/wsx"],
  ["/etc", "/etc"],
  ["/", "/"],
  ["/node/ws/../..", "/"],
])("%s is %s", (workdir, expected) => {
  expect(at(workdir)).toBe(expected);
});

test.each(["relative", "", "~", "C:\\work", "/a\0b"])("%j is no directory on a node", (workdir) => {
  expect(at(workdir)).toBeNull();
});

test("a node whose workspace has the path of the gateway's keeps it", () => {
  expect(nodeDirectory("/same/ws/x", "/same/ws", "/same/ws")).toBe("/same/ws/x");
});

test("the workspace is made on first use, however it is spelled; nothing below it is", () => {
  expect(isRoot("/node/ws/", "/node/ws")).toBe(true);
  expect(isRoot("/node/ws", "/node/ws//")).toBe(true);
  expect(isRoot("/node/ws/sub", "/node/ws")).toBe(false);
});
