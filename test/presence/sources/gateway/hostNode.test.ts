// What is believed of one entry of the host's list.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readHostNode } from "../../../../src/presence/sources/gateway/hostNode.ts";

const ENTRY = {
  nodeId: "a1",
  displayName: " mac-sg ",
  platform: "linux",
  remoteIp: "100.64.0.2",
  connected: true,
  approvalState: "approved",
  commands: ["system.run"],
  connectedAtMs: 20,
  lastSeenAtMs: 30,
};

describe("readHostNode", () => {
  test("reads every field it uses, and trims names", () => {
    expect(
      readHostNode({ ...ENTRY, version: "2026.9.6", hostStats: { cpuCount: 2, updatedAtMs: 40 } }),
    ).toEqual({
      nodeId: "a1",
      displayName: "mac-sg",
      platform: "linux",
      remoteIp: "100.64.0.2",
      connected: true,
      approval: "approved",
      commands: ["system.run"],
      connectedAtMs: 20,
      lastSeenAtMs: 30,
      version: "2026.9.6",
      stats: {
        updatedAtMs: 40,
        cpuCount: 2,
        load1: null,
        memoryTotalBytes: null,
        memoryFreeBytes: null,
        diskTotalBytes: null,
        diskAvailableBytes: null,
      },
    });
  });

  test("reads whether the node hosts sessions and which tools it publishes, and drops what is no tool", () => {
    const nodePluginTools = [
      {
        pluginId: "node-mcp",
        name: "docs_search",
        command: "mcp.tools.call.v1",
        mcp: { server: "docs", tool: "search" },
      },
      { pluginId: "own", name: "own_tool", command: "own.command" },
      { name: 7 },
      null,
      "text",
    ];
    expect(readHostNode({ ...ENTRY, sessionHost: true, nodePluginTools })).toMatchObject({
      sessionHost: true,
      tools: [
        { name: "docs_search", command: "mcp.tools.call.v1", mcpServer: "docs" },
        { name: "own_tool", command: "own.command", mcpServer: null },
      ],
    });
    expect(readHostNode({ ...ENTRY, sessionHost: "yes", nodePluginTools: {} })).not.toHaveProperty("tools");
  });

  test("what the host did not say is null, not false, zero or empty text", () => {
    expect(readHostNode({ nodeId: "a1" })).toEqual({
      nodeId: "a1",
      displayName: null,
      platform: null,
      remoteIp: null,
      connected: null,
      approval: "unknown",
      commands: [],
      connectedAtMs: null,
      lastSeenAtMs: null,
      version: null,
      stats: null,
    });
  });

  test.each([["yes"], [1], [null], [{}]])("connected: %j is not known, not connected", (connected) => {
    expect(readHostNode({ ...ENTRY, connected })?.connected).toBe(null);
  });

  test.each([["Approved"], ["granted"], [true], [""], [null]])(
    "approvalState %j is unknown, never approved",
    (approvalState) => {
      expect(readHostNode({ ...ENTRY, approvalState })?.approval).toBe("unknown");
    },
  );

  test("the last connect of an offline node is its connect time, unless the host says a newer one", () => {
    const { connectedAtMs: _, ...offline } = { ...ENTRY, lastConnectedAtMs: 10 };
    expect(readHostNode(offline)?.connectedAtMs).toBe(10);
    expect(readHostNode({ ...offline, connectedAtMs: 20 })?.connectedAtMs).toBe(20);
  });

  test("times that are no finite numbers, and commands that are no texts, are left out", () => {
    const node = readHostNode({
      ...ENTRY,
      connectedAtMs: Number.NaN,
      lastSeenAtMs: "5",
      commands: [1, "a", null],
    });
    expect(node).toMatchObject({ connectedAtMs: null, lastSeenAtMs: null, commands: ["a"] });
  });

  test.each([[null], ["text"], [[]], [{}], [{ nodeId: "" }], [{ nodeId: "  " }], [{ nodeId: 7 }]])(
    "an entry without a usable id is none: %j",
    (value) => {
      expect(readHostNode(value)).toBe(null);
    },
  );

  test("no value makes it throw, and whatever it reads has an id", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (value) => {
        expect(readHostNode(value)?.nodeId).not.toBe("");
      }),
    );
  });
});
