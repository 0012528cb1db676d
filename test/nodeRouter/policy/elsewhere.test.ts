// Calls that the host carries out on a machine that no parameter chooses, as the policy meets them.

import { describe, expect, test } from "vitest";
import { createToolPolicy } from "../../../src/hooks/toolPolicy.ts";
import { COUNTERS } from "../../../src/nodeRouter/state/counters.ts";
import {
  CN_ID,
  CONFIG,
  contextOf,
  type FakeOptions,
  fakeDeps,
  hostEntry,
  SG_ID,
} from "../../support/fakeDeps.ts";
import { hostedSession, recordsOf } from "../hostedSessions/arrange.ts";

const TOOLS = [{ pluginId: "node-mcp", name: "docs_search", command: "mcp.tools.call.v1" }];
const PROFILE = { kind: "profile", profileId: "cloud" };

function arranged(options: FakeOptions = {}) {
  const deps = fakeDeps(options);
  const hosted = recordsOf();
  deps.nodes = {
    nodes: [hostEntry("mac-sg", SG_ID), hostEntry("mac-cn", CN_ID, { nodePluginTools: TOOLS })],
  };
  const policy = createToolPolicy({ ...deps, hosted });
  const ask = (agent: string, toolName: string, params: Record<string, unknown> = {}) =>
    policy({ toolName, params, runId: "run-1", toolCallId: "call-1" }, contextOf(agent));
  return { deps, hosted, ask };
}

const blocked = (text: string) => ({ block: true, blockReason: expect.stringContaining(text) });

describe("a tool that a node publishes", () => {
  test("is blocked for an agent whose rule does not allow the node, and counted", async () => {
    const { ask, deps } = arranged();
    expect(await ask("worker-sg", "docs_search")).toEqual(blocked("NODE_NOT_ALLOWED"));
    expect(deps.memory.part(COUNTERS).refused).toBe(1);
  });

  test("is left alone for the agent of its node, and for one without a rule, who costs no look at the nodes", async () => {
    const { ask, deps } = arranged();
    expect(await ask("master", "docs_search")).toBeUndefined();
    expect(deps.listCalls).toBe(0);
    expect(await ask("worker-cn", "docs_search")).toBeUndefined();
  });

  test("of which it cannot be told whether one is, is refused", async () => {
    const { ask, deps } = arranged();
    deps.nodes = new Error("stuck");
    expect(await ask("worker-sg", "docs_search")).toEqual(blocked("INVENTORY_UNAVAILABLE"));
  });

  test("is told from one that the gateway has by the list of nodes alone, which is read once a second at most", async () => {
    const { ask, deps } = arranged();
    for (let n = 0; n < 3; n++) expect(await ask("worker-sg", "web_lookup")).toBeUndefined();
    expect(deps.listCalls).toBe(1);
    expect(deps.memory.part(COUNTERS).refused).toBe(0);
  });

  test("in shadow mode is only logged", async () => {
    const { ask, deps } = arranged({ config: { ...CONFIG, mode: "shadow" } });
    expect(await ask("worker-sg", "docs_search")).toBeUndefined();
    expect(deps.lines.map(({ text }) => text).join()).toContain("NODE_NOT_ALLOWED");
  });
});

describe("sessions_spawn", () => {
  test("with a machine of its own is blocked for a routed agent's session, whoever calls", async () => {
    const { ask } = arranged();
    const params = { agentId: "worker-sg", placement: PROFILE };
    expect(await ask("master", "sessions_spawn", params)).toEqual(blocked("HOSTED_ELSEWHERE"));
    expect(await ask("worker-sg", "sessions_spawn", { placement: PROFILE })).toEqual(
      blocked("HOSTED_ELSEWHERE"),
    );
    expect(await ask("master", "sessions_spawn", { placement: PROFILE })).toBeUndefined();
  });

  test("from a hosted session is blocked where the new session would not fit beside it", async () => {
    const { ask, hosted } = arranged();
    hosted.now = [hostedSession({ agent: "master", sessionKey: "agent:master:main", nodeId: CN_ID })];
    expect(await ask("master", "sessions_spawn", { agentId: "worker-sg" })).toEqual(
      blocked('on node "mac-cn"'),
    );
    expect(await ask("master", "sessions_spawn", { agentId: "worker-cn" })).toBeUndefined();
    const local = { agentId: "worker-sg", placement: { kind: "local" } };
    expect(await ask("master", "sessions_spawn", local)).toBeUndefined();
  });

  test("from a session on the gateway is left alone, also while the records cannot be read", async () => {
    const { ask, hosted } = arranged();
    expect(await ask("master", "sessions_spawn", { agentId: "worker-sg" })).toBeUndefined();
    hosted.now = "locked";
    expect(await ask("master", "sessions_spawn", { agentId: "worker-sg" })).toBeUndefined();
  });
});
