// The shapes of `status` and `nodes`, which scripts read.
import { describe, expect, test } from "vitest";
import { createCounters } from "../../../src/nodeRouter/counters.ts";
import { createNodesReport } from "../../../src/nodeRouter/reports/nodesReport.ts";
import { createStatusReport, type StatusReport } from "../../../src/nodeRouter/reports/statusReport.ts";
import { BOUND } from "../../support/fakeDeps.ts";
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

function statusOf(situation: Situation = {}, ssh: StatusReport["ssh"] = []): StatusReport {
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
  });
}

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
        },
      ],
      nodes: { total: 2, online: 2, unknown: 0 },
      counters: createCounters(),
      ssh: [],
      audit: null,
      problems: [],
      snapshotAgeMs: 3_000,
    });
  });

  test("a node list that was never read is unknown, not offline, and has no age", () => {
    const report = statusOf({ nodes: null });
    expect(report.nodes).toEqual({ total: 2, online: 0, unknown: 2 });
    expect(report.snapshotAgeMs).toBe(null);
    expect(agentOf({ nodes: null })).toMatchObject({ outcome: "refused", presence: null });
  });

  test("a node that does not say is unknown, one that says no is neither online nor unknown", () => {
    const nodes = [
      hostEntry("mac-sg", SG_ID, { connected: null }),
      hostEntry("mac-cn", CN_ID, { connected: false }),
    ];
    expect(statusOf({ nodes }).nodes).toEqual({ total: 2, online: 0, unknown: 1 });
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

  test("an agent with a workspace on a node and no rule is refused, not left to OpenClaw", () => {
    const report = agentOf({ host: hostOf({ master: { sandbox: BOUND } }) }, "master");
    expect(report).toMatchObject({ rule: null, outcome: "refused", node: null });
    expect(report?.message).toMatch(/^no rule names agent "master", and its workspace is on a node /);
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
    };
    expect(createStatusReport(input).snapshotAgeMs).toBe(0);
    expect(createNodesReport(snapshot, 5).snapshotAgeMs).toBe(0);
  });
});

describe("nodes", () => {
  test("has every known node by name, with facts and tags apart from commands", () => {
    const { snapshot } = inputOf({
      nodes: [...NODES, hostEntry("phone", "88".repeat(32), { platform: "ios", commands: [] })],
    });
    const report = createNodesReport(snapshot, 4_000);
    expect(report.snapshotAgeMs).toBe(3_000);
    expect(report.nodes.map(({ name }) => name)).toEqual(["mac-cn", "mac-sg", "phone"]);
    expect(report.nodes[1]).toEqual({
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
    const { nodes, snapshotAgeMs } = createNodesReport(inputOf({ nodes: null }).snapshot, 4_000);
    expect(nodes.map(({ online, approval }) => [online, approval])).toEqual([
      [null, "unknown"],
      [null, "unknown"],
    ]);
    expect(snapshotAgeMs).toBe(null);
  });

  test("a tag named __proto__ is a tag of the report and no prototype", () => {
    const snapshot = inputOf().snapshot;
    const nodes = snapshot.nodes.map((node) => ({ ...node, tags: new Map([["__proto__", "x"]]) }));
    const [first] = createNodesReport({ ...snapshot, nodes }, 0).nodes;
    expect(Object.keys(first?.tags ?? {})).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(first?.tags)).toBe(Object.prototype);
  });
});
