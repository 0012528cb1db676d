// The nodes report: what is in it for a node with and without a presence record.

import { describe, expect, test } from "vitest";
import { PLUGIN_CONFIG } from "../../../../src/config/currentConfig.ts";
import { resolveConfig } from "../../../../src/config/resolve.ts";
import { agentIds } from "../../../../src/nodeRouter/host/hostConfig.ts";
import { worldOf } from "../../../../src/nodeRouter/policy/world.ts";
import { NO_LAST_NODES } from "../../../../src/nodeRouter/state/lastNodes.ts";
import { agentsByNode } from "../../../../src/nodeRouter/surfaces/reports/agentRoutes.ts";
import { currentNodesReport } from "../../../../src/nodeRouter/surfaces/reports/currentNodesReport.ts";
import { createEventsReport } from "../../../../src/nodeRouter/surfaces/reports/eventsReport.ts";
import {
  createNodesReport,
  type NodesReportInput,
} from "../../../../src/nodeRouter/surfaces/reports/nodesReport.ts";
import { type EventQuery, PRESENCE } from "../../../../src/presence/presence.ts";
import { BOUND, fakeDeps, START_MS } from "../../../support/fakeDeps.ts";
import { hostEntry, hostOf, inputOf, NODES, ruleFor, type Situation } from "../doctor/arrange.ts";
import { fact, fakePresence, historyOf, offlineRecord, recordOf } from "./arrange.ts";

function reportOf(changes: Partial<NodesReportInput> = {}, situation: Situation = {}) {
  return createNodesReport({
    snapshot: inputOf(situation).snapshot,
    presence: new Map(),
    history: () => null,
    agents: new Map(),
    gatewayPlace: null,
    attributions: [],
    nowMs: START_MS,
    ...changes,
  });
}

const nodeOf = (name: string, changes: Partial<NodesReportInput> = {}) =>
  reportOf(changes).nodes.find((node) => node.name === name);

describe("of tunnels", () => {
  const up = {
    state: "up",
    port: 7,
    since: null,
    retries: 0,
    code: null,
    reason: null,
    connections: 2,
  } as const;

  test("each node has its own, one without a line in the config none, and nothing is said where nobody asked", () => {
    const tunnels = new Map([["mac-sg", up]]);
    expect(nodeOf("mac-sg", { tunnels })?.tunnel).toEqual(up);
    expect(nodeOf("mac-cn", { tunnels })?.tunnel).toBeNull();
    expect(nodeOf("mac-sg")).not.toHaveProperty("tunnel");
  });

  test("those of the config are in the report of this moment, as down while nobody keeps them", () => {
    const deps = fakeDeps();
    const config = resolveConfig({ nodes: { "mac-sg": { ssh: { tunnel: true } }, "mac-cn": {} } });
    const { snapshot } = inputOf({ router: { nodes: { "mac-sg": { ssh: {} }, "mac-cn": {} } } });
    const { nodes } = currentNodesReport(deps, config, snapshot);
    expect(nodes.map(({ name, tunnel }) => [name, tunnel?.state, tunnel?.port])).toEqual([
      ["mac-cn", undefined, undefined],
      ["mac-sg", "down", 18_789],
    ]);
  });
});

describe("of a node with a record", () => {
  const presence = new Map([["mac-sg", recordOf("mac-sg")]]);

  test("state, address, round trip, path, resources and history are the record's", () => {
    expect(nodeOf("mac-sg", { presence, history: historyOf })).toMatchObject({
      state: "ready",
      reason: "it answers over the node protocol",
      since: "2023-11-14T22:10:20.000Z",
      ip: "100.64.0.2",
      rttMs: 71,
      path: "direct",
      resources: { cpuCount: 8, load1: 0.42, memoryTotalBytes: 16 * 1024 ** 3 },
      reach: { node: { state: "up" }, ssh: null },
      location: { country: "SG", city: "Singapore", source: "declared" },
      place: { precision: "city", confidence: "high" },
      history: { node: "mac-sg", onlineRatio: 1 },
    });
  });

  test("what is too old is not known any more; the fact itself, with its age, stays", () => {
    const facts = {
      ...recordOf("mac-sg").facts,
      load1: fact(9, true),
      tailnetPath: fact("relayed" as const, true),
    };
    const node = nodeOf("mac-sg", { presence: new Map([["mac-sg", recordOf("mac-sg", { facts })]]) });
    expect(node?.resources).toMatchObject({ load1: null, cpuCount: 8 });
    expect(node?.path).toBe(null);
    expect(node?.facts.load1).toMatchObject({ value: 9, stale: true });
  });

  test("a place that is inferred is told with how it was found", () => {
    const location = {
      country: "JP",
      source: "derp" as const,
      precision: "region" as const,
      confidence: "low" as const,
      detail: "DERP region tok",
    };
    const { snapshot } = inputOf({ nodes: [hostEntry("phone", "88".repeat(32))] });
    const report = createNodesReport({
      ...inputsWith(snapshot),
      presence: new Map([["phone", recordOf("phone", { location })]]),
    });
    const phone = report.nodes.find(({ name }) => name === "phone");
    expect(phone?.location).toEqual({ country: "JP", source: "derp" });
    expect(phone?.place).toEqual(location);
  });

  test("another node's record is not taken for it", () => {
    expect(nodeOf("mac-cn", { presence })).toMatchObject({ ip: null, rttMs: null, facts: {}, history: null });
  });
});

function inputsWith(snapshot: NodesReportInput["snapshot"]): NodesReportInput {
  return {
    snapshot,
    presence: new Map(),
    history: () => null,
    agents: new Map(),
    gatewayPlace: null,
    attributions: [],
    nowMs: START_MS,
  };
}

test("without a record nothing is invented: null, not zero", () => {
  expect(nodeOf("mac-sg")).toMatchObject({
    state: "ready",
    since: null,
    ip: null,
    rttMs: null,
    path: null,
    resources: {
      cpuCount: null,
      load1: null,
      memoryTotalBytes: null,
      memoryAvailableBytes: null,
      diskTotalBytes: null,
      diskAvailableBytes: null,
    },
    reach: { node: null, ssh: null },
    location: { country: "SG", city: "Singapore", source: "declared" },
    otherPlaces: [],
    contradictions: [],
  });
});

test("it survives the wire: JSON and back is the same report", () => {
  const report = reportOf({ presence: new Map([["mac-sg", recordOf("mac-sg")]]), history: historyOf });
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});

describe("agentsByNode", () => {
  const of = (situation: Situation) => {
    const { config, hostConfig, snapshot } = inputOf(situation);
    const known = { snapshot, hostNodes: [], apiProblem: null, presence: new Map() };
    const world = worldOf(config, hostConfig, known);
    return Object.fromEntries(agentsByNode(agentIds(hostConfig), world, NO_LAST_NODES));
  };

  test("is every agent that a rule places, by id; an agent without a rule is on no node", () => {
    const host = hostOf({ "cn-2": {}, "cn-1": {} });
    const router = {
      ...ruleFor({}),
      rules: [
        { name: "china", agents: ["cn-*"], require: "region=cn" },
        { name: "singapore", agents: ["worker-sg"], require: "region=sg" },
      ],
    };
    expect(of({ router, host })).toEqual({ "mac-cn": ["cn-1", "cn-2"], "mac-sg": ["worker-sg"] });
  });

  test("an agent that is refused is on no node, by its node or by a broken config", () => {
    expect(of({ router: ruleFor({}), nodes: [] })).toEqual({});
    expect(of({ router: ruleFor({ require: "region=(" }) })).toEqual({});
  });

  test("an agent with its workspace over SSH is on its node", () => {
    const host = hostOf({ "worker-sg": { sandbox: BOUND } });
    expect(of({ router: ruleFor({}), host, nodes: NODES })).toEqual({ "mac-sg": ["worker-sg"] });
  });
});

test("currentNodesReport takes records and histories from the presence of this process", () => {
  const deps = fakeDeps({ hostConfig: hostOf({}) });
  const config = deps.memory.part(PLUGIN_CONFIG).current;
  if (config === null) throw new Error("no config");
  const { snapshot } = inputOf();
  expect(currentNodesReport(deps, config, snapshot).nodes[1]).toMatchObject({ state: "ready", ip: null });
  deps.memory.part(PRESENCE).current = fakePresence([offlineRecord("mac-sg")]);
  expect(currentNodesReport(deps, config, snapshot).nodes[1]).toMatchObject({
    name: "mac-sg",
    state: "offline",
    agents: ["worker-sg"],
    history: { node: "mac-sg" },
  });
});

test("where the gateway is: as declared, else as it was observed; credits are passed on", () => {
  const tokyo = {
    country: "JP",
    source: "derp",
    precision: "city",
    confidence: "low",
    detail: "DERP tok",
  } as const;
  const presence = fakePresence([], [], { gatewayPlace: () => tokyo, attributions: () => ["by Example"] });
  const { snapshot } = inputOf();
  const reportWith = (gateway: object, observed: typeof presence | null) => {
    const deps = fakeDeps({ config: { gateway } });
    deps.memory.part(PRESENCE).current = observed;
    return currentNodesReport(deps, deps.memory.part(PLUGIN_CONFIG).current ?? resolveConfig({}), snapshot);
  };
  expect(reportWith({}, null)).toMatchObject({ gateway: { place: null }, attributions: [] });
  expect(reportWith({}, presence)).toMatchObject({ gateway: { place: tokyo }, attributions: ["by Example"] });
  const declared = { location: { country: "CN" } };
  for (const observed of [null, presence]) {
    expect(reportWith(declared, observed).gateway.place).toMatchObject({ country: "CN", source: "declared" });
  }
});

describe("events", () => {
  const query = { sinceMs: null, node: null };
  const transition = (atMs: number) =>
    ({ node: "mac-sg", from: "ready", to: "offline", atMs, reason: "cut" }) as const;

  test("come oldest first, as a log reads", () => {
    const report = createEventsReport(fakePresence([], [transition(2_000), transition(1_000)]), query);
    expect(report).toEqual({
      events: [
        { node: "mac-sg", from: "ready", to: "offline", at: "1970-01-01T00:00:01.000Z", reason: "cut" },
        { node: "mac-sg", from: "ready", to: "offline", at: "1970-01-01T00:00:02.000Z", reason: "cut" },
      ],
      since: null,
      node: null,
      observing: true,
    });
  });

  test("of peers stand among those of nodes by their time, and are asked for by name and time as those are", () => {
    const nodes = fakePresence([], [transition(3_000), transition(1_000)]);
    const peer = { ...transition(2_000), node: "gw-sg" };
    const peers = [{ ...peer, atMs: 4_000 }, peer];
    const asked = (part: Partial<EventQuery>, of = nodes) =>
      createEventsReport(of, { ...query, ...part }, peers).events.map(
        ({ node, at }) => `${node} ${at.slice(17, 19)}`,
      );
    expect(asked({})).toEqual(["mac-sg 01", "gw-sg 02", "mac-sg 03", "gw-sg 04"]);
    const none = fakePresence([], []);
    expect(asked({ node: "gw-sg", sinceMs: 3_000 }, none)).toEqual(["gw-sg 04"]);
    expect(asked({ node: "mac-sg" }, none)).toEqual([]);
  });

  test("a gateway that observes no nodes says so, rather than that there were no events", () => {
    expect(createEventsReport(null, { sinceMs: 5_000, node: "x" })).toEqual({
      events: [],
      since: "1970-01-01T00:00:05.000Z",
      node: "x",
      observing: false,
    });
  });
});
