// The shapes of `status` and `nodes`, which scripts read.
import { describe, expect, test } from "vitest";
import type { NodeSnapshot } from "../../../../src/nodeRouter/placement/model/snapshot.ts";
import { createCounters } from "../../../../src/nodeRouter/state/counters.ts";
import { NO_LAST_NODES } from "../../../../src/nodeRouter/state/lastNodes.ts";
import { createNodesReport } from "../../../../src/nodeRouter/surfaces/reports/nodesReport.ts";
import {
  createStatusReport,
  type StatusInput,
  type StatusReport,
} from "../../../../src/nodeRouter/surfaces/reports/statusReport.ts";
import type { NodePresence, Reach } from "../../../../src/presence/record.ts";
import { BOUND } from "../../../support/fakeDeps.ts";
import {
  CN_ID,
  guarded,
  hostEntry,
  hostOf,
  inputOf,
  NODES,
  ruleFor,
  SG_ID,
  type Situation,
} from "../doctor/arrange.ts";
import { DOWN, recordOf, UP } from "./arrange.ts";

const NOTHING_MORE = {
  presence: new Map(),
  apiProblem: null,
  sources: [],
  lastNodes: NO_LAST_NODES,
  sessions: () => null,
  gatewayWorkspace: () => null,
};

function statusOf(
  situation: Situation = {},
  ssh: StatusReport["ssh"] = [],
  more: Partial<StatusInput> = {},
): StatusReport {
  const { config, hostConfig, snapshot, hooks, counters } = inputOf(situation);
  return createStatusReport({
    version: "1.2.3",
    config,
    hostConfig,
    snapshot,
    hooks,
    counters,
    ssh,
    audit: null,
    nowMs: 4_000,
    ...NOTHING_MORE,
    ...more,
  });
}

function nodesOf(snapshot: NodeSnapshot, nowMs: number) {
  return createNodesReport({
    snapshot,
    nowMs,
    presence: new Map(),
    history: () => null,
    agents: new Map(),
    gatewayPlace: null,
    attributions: [],
  });
}

const NO_STATES = { ready: 0, degraded: 0, stale: 0, offline: 0, unknown: 0 };

const agentOf = (situation: Situation, id = "worker-sg") =>
  statusOf(situation).agents.find(({ agent }) => agent === id);

describe("status", () => {
  test("has every agent of the gateway, routed or not, and the plugin's own state", () => {
    const report = statusOf({
      router: ruleFor({}),
      host: { agents: { entries: { master: {}, "worker-sg": {} } } },
    });
    expect(report).toEqual({
      version: "1.2.3",
      mode: "enforce",
      hooks: "live",
      agents: [
        {
          agent: "master",
          rule: null,
          outcome: "unrouted",
          node: null,
          transport: null,
          binding: "exec",
          presence: null,
          guard: null,
          message: 'no rule names agent "master" for exec; OpenClaw decides as it would without node-router',
          state: null,
          model: null,
          workspace: null,
          sessions: null,
          tokens: null,
        },
        {
          agent: "worker-sg",
          rule: "singapore",
          outcome: "placed",
          node: "mac-sg",
          transport: "node",
          binding: "exec",
          presence: "online",
          guard: "unguarded",
          message: 'exec of agent "worker-sg" runs on mac-sg (SG, declared) · rule singapore',
          state: "ready",
          model: null,
          workspace: null,
          sessions: null,
          tokens: null,
        },
      ],
      nodes: { total: 2, online: 2, unknown: 0, states: { ...NO_STATES, ready: 2 } },
      counters: createCounters(),
      ssh: [],
      audit: null,
      problems: [],
      snapshotAgeMs: 3_000,
      sources: [],
    });
  });

  test("a node list that was never read is unknown, not offline, and has no age", () => {
    const report = statusOf({ nodes: null });
    expect(report.nodes).toEqual({ total: 2, online: 0, unknown: 2, states: { ...NO_STATES, unknown: 2 } });
    expect(report.snapshotAgeMs).toBe(null);
    expect(agentOf({ nodes: null })).toMatchObject({ outcome: "refused", presence: null });
  });

  test("a node that does not say is unknown, one that says no is neither online nor unknown", () => {
    const nodes = [
      hostEntry("mac-sg", SG_ID, { connected: null }),
      hostEntry("mac-cn", CN_ID, { connected: false }),
    ];
    expect(statusOf({ nodes }).nodes).toMatchObject({ total: 2, online: 0, unknown: 1 });
  });

  describe("of an agent whose workspace is on a node", () => {
    const host = hostOf({ "worker-sg": { sandbox: BOUND } });
    const SSH = { node: "mac-sg", connected: 0, free: 0, pending: 1, queued: 2, running: 0, size: 0 };
    const presence = (ssh: StatusReport["ssh"], connected: boolean | null = true) =>
      statusOf({ host, nodes: [hostEntry("mac-sg", SG_ID, { connected })] }, ssh).agents.find(
        ({ agent }) => agent === "worker-sg",
      )?.presence;

    test("presence is unknown until a connection is open: nobody asks the machine before a call", () => {
      expect(presence([])).toBe("unknown");
      expect(presence([SSH])).toBe("unknown");
      expect(presence([{ ...SSH, connected: 1 }])).toBe("online");
      expect(presence([{ ...SSH, node: "mac-cn", connected: 1 }])).toBe("unknown");
    });

    test("presence is not that of the node protocol, which such an agent does not use", () => {
      for (const connected of [false, null]) expect(presence([], connected)).toBe("unknown");
    });

    test("the row says ssh, and the connections are listed as they are", () => {
      const report = statusOf({ host }, [SSH]);
      expect(report.agents.find(({ agent }) => agent === "worker-sg")).toMatchObject({
        binding: "workspace",
        transport: "ssh",
        guard: "guarded",
      });
      expect(report.ssh).toEqual([SSH]);
    });
  });

  test("a refused agent has the nodes that its rule means and why each cannot be used, and no other node", () => {
    const refusedBy = agentOf({
      router: ruleFor({ require: "region=sg" }),
      nodes: [
        { ...hostEntry("mac-sg", SG_ID), connected: false },
        { ...hostEntry("mac-cn", CN_ID), connected: false },
      ],
    });
    expect(refusedBy).toMatchObject({
      outcome: "refused",
      blocked: [{ node: "mac-sg", why: "was offline" }],
    });
    expect(refusedBy?.blocked).toHaveLength(1);
    expect(agentOf({ router: ruleFor({}) })).not.toHaveProperty("blocked");
  });

  test("an agent with a workspace on a node and no rule is refused, not left to OpenClaw", () => {
    const report = agentOf({ host: hostOf({ master: { sandbox: BOUND } }) }, "master");
    expect(report).toMatchObject({ rule: null, outcome: "refused", node: null });
    expect(report?.message).toMatch(/^NO_NODE_FITS: the workspace of agent "master" is on a node /);
  });

  describe("with presence records", () => {
    const rowOf = (record: NodePresence, situation: Situation = {}) =>
      statusOf(situation, [], { presence: new Map([["mac-sg", record]]) }).agents.find(
        ({ agent }) => agent === "worker-sg",
      );

    test("an agent's node has its state, and the nodes are counted by theirs", () => {
      const report = statusOf({}, [], {
        presence: new Map([["mac-sg", recordOf("mac-sg", { state: "degraded" })]]),
      });
      expect(report.nodes).toEqual({
        total: 2,
        online: 2,
        unknown: 0,
        states: { ...NO_STATES, ready: 1, degraded: 1 },
      });
      expect(report.agents.find(({ agent }) => agent === "worker-sg")).toMatchObject({
        state: "degraded",
        presence: "online",
      });
    });

    test("presence is that of the transport in use, not of the other one", () => {
      const dead = recordOf("mac-sg", { state: "degraded", reach: { node: DOWN, ssh: UP } });
      expect(rowOf(dead)).toMatchObject({ transport: "node", presence: "offline", state: "degraded" });
      const host = hostOf({ "worker-sg": { sandbox: BOUND } });
      expect(rowOf(dead, { host })).toMatchObject({ transport: "ssh", presence: "online" });
    });

    test("one silence is no death, and what is not known is not offline", () => {
      const reach = (state: Reach["state"]) => ({ node: { ...UP, state }, ssh: null });
      expect(rowOf(recordOf("mac-sg", { reach: reach("failing") }))?.presence).toBe("online");
      expect(rowOf(recordOf("mac-sg", { reach: reach("unknown") }))?.presence).toBe("unknown");
      expect(rowOf(recordOf("mac-sg", { state: "stale" }))?.presence).toBe("unknown");
      expect(
        rowOf(recordOf("mac-sg", { state: "unknown", reach: { node: null, ssh: null } }))?.presence,
      ).toBe("unknown");
      expect(rowOf(recordOf("mac-sg", { reach: { node: null, ssh: null } }))?.presence).toBe("online");
    });
  });

  test("model, workspace, sessions and tokens are those of each agent", () => {
    const host = hostOf({ "worker-sg": { model: { primary: "anthropic/opus" }, sandbox: BOUND } });
    const more: Partial<StatusInput> = {
      sessions: (agent) => (agent === "master" ? { sessions: 3, tokens: { input: 5, output: 7 } } : null),
      gatewayWorkspace: (agent) => `/gateway/${agent}`,
    };
    const { agents } = statusOf({ host }, [], more);
    expect(
      agents.map(({ agent, model, workspace, sessions, tokens }) => [
        agent,
        model,
        workspace,
        sessions,
        tokens,
      ]),
    ).toEqual([
      ["master", null, "/gateway/master", 3, { input: 5, output: 7 }],
      ["worker-cn", null, "/gateway/worker-cn", null, null],
      // On the node, not the gateway's copy of it.
      ["worker-sg", "anthropic/opus", "/Users/claw/work", null, null],
    ]);
  });

  test("guard says what guard would say", () => {
    expect(agentOf({ host: guarded() })?.guard).toBe("guarded");
    expect(agentOf({ router: ruleFor({ onUnavailable: "gateway" }) })?.guard).toBe("impossible");
  });

  test("config errors refuse the agent and are listed before warnings, without their texts' remedies", () => {
    const rules = [
      { name: "nowhere", agents: ["worker-cn"], require: "region=mars" },
      { name: "singapore", agents: ["worker-sg"], require: "region=(" },
    ];
    const report = statusOf({ router: { ...ruleFor({}), rules } });
    expect(report.problems.map(({ severity }) => severity)).toEqual(["error", "warning"]);
    expect(Object.keys(report.problems[0] ?? {})).toEqual(["severity", "path", "message"]);
    expect(report.agents.map(({ outcome }) => outcome)).toEqual(["unrouted", "refused", "refused"]);
  });

  test("the counters are a copy: a report that was given out does not change", () => {
    const counters = createCounters();
    const report = statusOf({ doctor: { counters } });
    counters.placed += 1;
    expect(report.counters.placed).toBe(0);
  });

  test("a clock set back gives an age of zero, not a negative one", () => {
    const { config, hostConfig, snapshot, hooks, counters } = inputOf();
    const input = {
      version: "1",
      config,
      hostConfig,
      snapshot,
      hooks,
      counters,
      ssh: [],
      audit: null,
      nowMs: 5,
      ...NOTHING_MORE,
    };
    expect(createStatusReport(input).snapshotAgeMs).toBe(0);
    expect(nodesOf(snapshot, 5).snapshotAgeMs).toBe(0);
  });
});

describe("nodes", () => {
  test("has every known node by name, with facts and tags apart from commands", () => {
    const { snapshot } = inputOf({
      nodes: [...NODES, hostEntry("phone", "88".repeat(32), { platform: "ios", commands: [] })],
    });
    const report = nodesOf(snapshot, 4_000);
    expect(report.snapshotAgeMs).toBe(3_000);
    expect(report.nodes.map(({ name }) => name)).toEqual(["mac-cn", "mac-sg", "phone"]);
    expect(report.nodes[1]).toMatchObject({
      name: "mac-sg",
      nodeId: SG_ID,
      configured: true,
      online: true,
      approval: "approved",
      os: "linux",
      location: { country: "SG", city: "Singapore", source: "declared" },
      tags: {
        region: "sg",
        gpu: "",
        "node.name": "mac-sg",
        "node.os": "linux",
        "node.transport": "node-ssh",
        "node.country": "SG",
        "node.city": "Singapore",
      },
      transports: ["node", "ssh"],
      transport: "auto",
      workspace: "/Users/claw/work",
      exec: true,
      ghostIds: [],
    });
    expect(report.nodes[2]).toMatchObject({
      configured: false,
      exec: false,
      location: null,
      workspace: null,
    });
  });

  test("an unread list leaves presence null and approval unknown: neither false nor unpaired", () => {
    const { nodes, snapshotAgeMs } = nodesOf(inputOf({ nodes: null }).snapshot, 4_000);
    expect(nodes.map(({ online, approval }) => [online, approval])).toEqual([
      [null, "unknown"],
      [null, "unknown"],
    ]);
    expect(snapshotAgeMs).toBe(null);
  });

  test("a tag named __proto__ is a tag of the report and no prototype", () => {
    const snapshot = inputOf().snapshot;
    const nodes = snapshot.nodes.map((node) => ({ ...node, tags: new Map([["__proto__", "x"]]) }));
    const [first] = nodesOf({ ...snapshot, nodes }, 0).nodes;
    expect(Object.keys(first?.tags ?? {})).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(first?.tags)).toBe(Object.prototype);
  });
});
