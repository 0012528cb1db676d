// node_route with list: which nodes an agent may use, and nothing about the nodes of others.
import { describe, expect, test } from "vitest";
import type { AgentNodeList } from "../../../../src/nodeRouter/surfaces/tools/nodeList.ts";
import { nodeRoute } from "../../../../src/nodeRouter/surfaces/tools/nodeRoute.ts";
import { PRESENCE } from "../../../../src/presence/presence.ts";
import { CN_ID, CONFIG, fakeDeps, hostEntry, SG_ID } from "../../../support/fakeDeps.ts";
import { fakePresence, offlineRecord, recordOf } from "../reports/arrange.ts";

async function listOf(agent: string, deps = fakeDeps()): Promise<AgentNodeList> {
  const { content, details } = await nodeRoute(deps, agent, { list: true });
  const list = JSON.parse(content[0]?.text ?? "") as AgentNodeList;
  expect(details).toEqual({ agent: list.agent, rule: list.rule, nodes: list.nodes.length + list.more });
  return list;
}

describe("list", () => {
  test("is the nodes that the agent's rule may choose, with state, place and tags", async () => {
    const deps = fakeDeps();
    deps.memory.part(PRESENCE).current = fakePresence([recordOf("mac-sg"), offlineRecord("mac-cn")]);
    expect(await listOf("worker-sg", deps)).toEqual({
      agent: "worker-sg",
      rule: "singapore",
      nodes: [
        {
          name: "mac-sg",
          state: "ready",
          place: "SG Singapore (declared)",
          tags: ["region=sg", "node.os=linux"],
          fits: true,
          reason: null,
          chosen: true,
        },
      ],
      more: 0,
      message: null,
    });
  });

  test("holds no node of another agent, by name, tag or place", async () => {
    const deps = fakeDeps();
    deps.memory.part(PRESENCE).current = fakePresence([recordOf("mac-sg"), offlineRecord("mac-cn")]);
    for (const [agent, other] of [
      ["worker-sg", /mac-cn|region=cn|CN/],
      ["worker-cn", /mac-sg|region=sg|SG/],
    ] as const) {
      const { content } = await nodeRoute(deps, agent, { list: true, tool: "exec" });
      expect(content[0]?.text).not.toMatch(other);
    }
  });

  test("a node of the rule that is down is listed, with the reason, and is not chosen", async () => {
    const deps = fakeDeps();
    deps.nodes = { nodes: [hostEntry("mac-sg", SG_ID, { connected: false }), hostEntry("mac-cn", CN_ID)] };
    const { nodes } = await listOf("worker-sg", deps);
    expect(nodes).toMatchObject([{ name: "mac-sg", state: "offline", fits: false, chosen: false }]);
    expect(nodes[0]?.reason).toMatch(/offline/);
  });

  test("an agent without a rule has no list, and reads why", async () => {
    expect(await listOf("master")).toEqual({
      agent: "master",
      rule: null,
      nodes: [],
      more: 0,
      message: "no rule names your exec, so OpenClaw decides where it runs",
    });
  });

  test("an agent of a broken config reads that, and no node", async () => {
    const deps = fakeDeps({
      config: { ...CONFIG, rules: [{ name: "x", agents: ["worker-sg"], require: "(" }] },
    });
    expect(await listOf("worker-sg", deps)).toMatchObject({
      rule: null,
      nodes: [],
      message: expect.stringMatching(/^CONFIG_INVALID: /),
    });
  });

  test("is short: thirty nodes, those that can be used first, and how many more", async () => {
    const deps = fakeDeps({ config: { rules: [{ name: "all", agents: ["worker-sg"] }] } });
    const names = Array.from({ length: 40 }, (_, n) => `node-${n}`);
    deps.nodes = {
      nodes: names.map((name, n) => hostEntry(name, String(n + 10).repeat(32), { connected: n > 34 })),
    };
    const { nodes, more } = await listOf("worker-sg", deps);
    expect([nodes.length, more]).toEqual([30, 10]);
    expect(nodes.filter(({ fits }) => fits)).toHaveLength(5);
    expect(nodes.slice(0, 5).every(({ fits }) => fits)).toBe(true);
    expect(nodes[0]?.chosen).toBe(true);
  });

  test.each([{ list: false }, { list: "true" }, { list: 1 }, {}])("%j is no list", async (params) => {
    expect((await nodeRoute(fakeDeps(), "worker-sg", params)).details).toMatchObject({ outcome: "placed" });
  });
});
