// Where a command starts on the node, for every kind of path a model can give.
import { describe, expect, test } from "vitest";
import { nodeWorkdir, type WorkdirInput } from "../../../src/nodeRouter/dispatch/nodeWorkdir.ts";

const NODE = "/node/ws";

function workdir(requested: string | null, changes: Partial<WorkdirInput> = {}): string | null {
  return nodeWorkdir({
    requested,
    nodeWorkspace: NODE,
    gatewayWorkspace: "/home/gw/ws",
    home: "/home/gw",
    ...changes,
  });
}

describe("with a workspace on the node", () => {
  test.each([
    ["none given", null, NODE],
    ["only space", "  ", NODE],
    ["the agent's workspace itself", "/home/gw/ws", NODE],
    ["the same with a slash at the end", "/home/gw/ws/", NODE],
    ["a folder in it", "/home/gw/ws/a/b", "/node/ws/a/b"],
    ["a folder in it, by detours", "/home/gw//ws/./a/../b", "/node/ws/b"],
    ["a folder in it, through the home", "~/ws/a", "/node/ws/a"],
    ["a relative folder", "a/b", "/node/ws/a/b"],
    ["a relative folder, by detours", "./a/../b/", "/node/ws/b"],
    ["the relative here", ".", NODE],
    ["a relative path that leaves and comes back", "a/../..", "a/../.."],
  ])("%s", (_case, requested, expected) => {
    expect(workdir(requested)).toBe(expected);
  });

  test.each([
    ["a neighbour whose name begins alike", "/home/gw/ws2/a"],
    ["the folder above", "/home/gw"],
    ["a path that climbs out of the workspace", "/home/gw/ws/../secrets"],
    ["a relative path that climbs out", "../secrets"],
    ["a place on the node", "/srv/app"],
    ["the home itself", "~"],
    ["another user's home", "~root/ws"],
    ["a Windows path", "C:\\work"],
  ])("%s is meant for the node as it stands", (_case, requested) => {
    expect(workdir(requested)).toBe(requested);
  });

  test("when the agent's workspace is the root, everything absolute lies in it", () => {
    expect(workdir("/a/b", { gatewayWorkspace: "/" })).toBe("/node/ws/a/b");
    expect(workdir("/", { gatewayWorkspace: "/" })).toBe(NODE);
  });

  test("a workspace below the home is known by its ~ too; without a home, ~ is left as it is", () => {
    expect(workdir("/home/gw/ws/a", { gatewayWorkspace: "~/ws" })).toBe("/node/ws/a");
    expect(workdir("~/ws/a", { home: null })).toBe("~/ws/a");
  });

  test("an agent whose workspace is not known has its absolute paths kept, its relative ones placed", () => {
    expect(workdir("/home/gw/ws/a", { gatewayWorkspace: null })).toBe("/home/gw/ws/a");
    expect(workdir("a", { gatewayWorkspace: null })).toBe("/node/ws/a");
  });

  test("a slash at the end of the node's workspace is not doubled; the root stays the root", () => {
    expect(workdir("a", { nodeWorkspace: "/node/ws/" })).toBe("/node/ws/a");
    expect(workdir("a", { nodeWorkspace: "/" })).toBe("/a");
  });
});

describe("with a workspace on a Windows node", () => {
  const onWindows = (requested: string) => workdir(requested, { nodeWorkspace: "C:\\claw\\work" });

  test("paths in the agent's workspace get its separator", () => {
    expect(onWindows("/home/gw/ws/a/b")).toBe("C:\\claw\\work\\a\\b");
    expect(onWindows("a/b")).toBe("C:\\claw\\work\\a\\b");
    expect(onWindows("a\\b")).toBe("C:\\claw\\work\\a\\b");
  });

  test("a relative path that climbs out with either separator is not placed in the workspace", () => {
    expect(onWindows("..\\..\\Windows")).toBe("..\\..\\Windows");
    expect(onWindows("a/../../x")).toBe("a/../../x");
  });
});

describe("without a workspace on the node", () => {
  test("nothing given is left to the node, and what is given stays as it is", () => {
    expect(workdir(null, { nodeWorkspace: null })).toBe(null);
    expect(workdir(" /home/gw/ws/a ", { nodeWorkspace: null })).toBe("/home/gw/ws/a");
    expect(workdir("a/..", { nodeWorkspace: null })).toBe("a/..");
  });
});
