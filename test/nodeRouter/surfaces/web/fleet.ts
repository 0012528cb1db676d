// Made-up reports: a small fleet as somebody would have it, a large one, and names that want to do harm.

import type { CallRow } from "../../../../src/nodeRouter/ledger/readCalls.ts";
import type { NodeReport, NodesReport } from "../../../../src/nodeRouter/surfaces/reports/nodeReport.ts";
import type { PeersOverview } from "../../../../src/nodeRouter/surfaces/reports/peersOverview.ts";
import type { AgentStatus, StatusReport } from "../../../../src/nodeRouter/surfaces/reports/statusReport.ts";
import type { Transition } from "../../../../src/presence/presence.ts";
import type { Fact, FactName, FactValues, Place, Reach } from "../../../../src/presence/record.ts";

export const NOW_MS = Date.UTC(2026, 10, 22, 9, 30, 0);
const GIB = 1024 ** 3;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const PLACES = {
  shanghai: {
    country: "CN",
    city: "Shanghai",
    latitude: 31.23,
    longitude: 121.47,
    timeZone: "Asia/Shanghai",
  },
  singapore: {
    country: "SG",
    city: "Singapore",
    latitude: 1.35,
    longitude: 103.82,
    timeZone: "Asia/Singapore",
  },
  frankfurt: { country: "DE", city: "Frankfurt am Main", latitude: 50.11, longitude: 8.68 },
  hangzhou: { country: "CN", city: "Hangzhou", latitude: 30.27, longitude: 120.16 },
  tokyo: { country: "JP", city: "Tokyo", latitude: 35.68, longitude: 139.69 },
} as const;

export type PlaceName = keyof typeof PLACES;

export function placeAt(name: PlaceName, changes: Partial<Place> = {}): Place {
  return {
    ...PLACES[name],
    source: "declared",
    precision: "city",
    confidence: "high",
    detail: "written in the config",
    ...changes,
  };
}

export function reach(changes: Partial<Reach> = {}): Reach {
  return { state: "up", lastAnswerMs: NOW_MS - 1_400, failures: 0, rttMs: 72, reason: null, ...changes };
}

export function fact<K extends FactName>(
  value: FactValues[K],
  changes: Partial<Fact<FactValues[K]>> = {},
): Fact<FactValues[K]> {
  return { value, source: "ssh", atMs: NOW_MS - 25 * SECOND, stale: false, ...changes };
}

export function transition(changes: Partial<Transition> = {}): Transition {
  return {
    node: "mac-sg",
    from: "offline",
    to: "ready",
    atMs: NOW_MS - 3 * HOUR,
    reason: "answers over the node protocol and SSH",
    ...changes,
  };
}

/** A paired node that answers, known by nothing but its name. */
export function nodeReport(name: string, changes: Partial<NodeReport> = {}): NodeReport {
  return {
    name,
    nodeId: "5a".repeat(32),
    cordon: null,
    configured: true,
    online: true,
    approval: "approved",
    os: null,
    location: null,
    tags: {},
    transports: ["node"],
    transport: "auto",
    workspace: null,
    exec: true,
    ghostIds: [],
    state: "ready",
    reason: "answers over the node protocol",
    since: new Date(NOW_MS - 26 * HOUR).toISOString(),
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
    agents: [],
    reach: { node: reach(), ssh: null },
    facts: {},
    place: null,
    otherPlaces: [],
    contradictions: [],
    history: null,
    ...changes,
  };
}

/** A call of worker-sg that ran on mac-sg a minute ago. */
export function call(changes: Partial<CallRow> = {}): CallRow {
  return {
    id: "01990000-0000-7000-8000-0000000000c1",
    at: new Date(NOW_MS - MINUTE).toISOString(),
    agent: "worker-sg",
    session: null,
    tool: "exec",
    rule: "rule-mac-sg",
    outcome: "ran",
    node: "mac-sg",
    transport: "node",
    place: null,
    code: null,
    ms: 840,
    reason: null,
    ...changes,
  };
}

const OFFLINE = "over SSH: no answer within 2.5 s";

/** Gateway in Shanghai; nodes beside it, in Singapore, Frankfurt and Tokyo, a laptop over a relay, one nobody placed. */
export function smallFleet(): NodesReport {
  const sg = placeAt("singapore");
  const sgTransitions = [
    transition(),
    transition({
      from: "ready",
      to: "offline",
      atMs: NOW_MS - 3 * HOUR - 4 * MINUTE,
      reason: "over the node protocol: no answer within 2.5 s; over SSH: no answer within 2.5 s",
    }),
  ];
  return {
    nodes: [
      nodeReport("mac-cn", {
        os: "macos",
        ip: "100.64.0.1",
        location: placeAt("shanghai"),
        place: placeAt("shanghai"),
        rttMs: 0.6,
        path: "direct",
        tags: { region: "cn", office: "" },
        resources: resources(10, 1.82, 32, 11.4, 494, 121),
        agents: ["worker-cn"],
        calls: { running: 2, maxRunning: 8, waiting: 0, ejected: null },
        tunnel: {
          state: "up",
          port: 18_789,
          since: new Date(NOW_MS - HOUR).toISOString(),
          retries: 0,
          code: null,
          reason: null,
          connections: 1,
        },
        workspace: "/Users/claw/work",
        reach: { node: reach({ rttMs: 0.6 }), ssh: null },
      }),
      nodeReport("mac-sg", {
        os: "macos",
        ip: "100.64.0.2",
        location: sg,
        place: sg,
        otherPlaces: [
          placeAt("singapore", { source: "geoip", confidence: "medium", detail: "endpoint 198.51.100.7" }),
          {
            country: "SG",
            source: "derp",
            precision: "region",
            confidence: "low",
            detail: "DERP region sin",
          },
        ],
        transports: ["node", "ssh"],
        rttMs: 71.6,
        path: "direct",
        tags: { region: "sg", gpu: "" },
        resources: resources(12, 3.4, 64, 27.5, 994, 402),
        agents: ["worker-sg", "research-sg"],
        workspace: "/Users/claw/work",
        since: new Date(NOW_MS - 3 * HOUR).toISOString(),
        reach: { node: reach({ rttMs: 73.1 }), ssh: reach() },
        facts: {
          hostname: fact<"hostname">("mac-sg.local"),
          os: fact<"os">("macos"),
          osVersion: fact<"osVersion">("26.1"),
          arch: fact<"arch">("arm64"),
          shell: fact<"shell">("/bin/zsh"),
          timeZone: fact<"timeZone">("Asia/Singapore"),
          uptimeSeconds: fact<"uptimeSeconds">(12 * 24 * 3600),
          cpuCount: fact<"cpuCount">(12),
          load1: fact<"load1">(3.4),
          memoryTotalBytes: fact<"memoryTotalBytes">(64 * GIB),
          memoryAvailableBytes: fact<"memoryAvailableBytes">(27.5 * GIB),
          ips: fact<"ips">(["100.64.0.2", "fd7a:115c:a1e0::2"], { source: "tailscale" }),
          tailnetPath: fact<"tailnetPath">("direct", { source: "tailscale" }),
          tailnetKeyExpiresMs: fact<"tailnetKeyExpiresMs">(NOW_MS + 41 * 24 * HOUR, { source: "tailscale" }),
          publicAddress: fact<"publicAddress">("198.51.100.7", {
            source: "tailscale",
            atMs: NOW_MS - 2 * HOUR,
            stale: true,
          }),
        },
        history: {
          node: "mac-sg",
          sinceMs: NOW_MS - 9 * 24 * HOUR,
          onlineRatio: 0.9973,
          flaps: 1,
          transitions: sgTransitions,
        },
      }),
      nodeReport("laptop", {
        os: "linux",
        ip: "100.64.0.3",
        place: placeAt("tokyo", { source: "geoip", confidence: "medium", detail: "endpoint 203.0.113.9" }),
        location: placeAt("hangzhou"),
        rttMs: 164,
        path: "relayed",
        state: "degraded",
        reason: "over the node protocol: no answer within 2.5 s",
        since: new Date(NOW_MS - 8 * MINUTE).toISOString(),
        tags: { mobile: "" },
        resources: resources(8, 0.31, 16, 9.2, 476, 38),
        agents: ["master"],
        contradictions: [
          {
            fact: "country",
            values: [
              { value: "CN", source: "timezone", atMs: NOW_MS - MINUTE },
              { value: "JP", source: "geoip", atMs: NOW_MS - 2 * MINUTE },
            ],
          },
        ],
        reach: {
          node: reach({ rttMs: 164, failures: 1, state: "failing", reason: "no answer within 2.5 s" }),
          ssh: null,
        },
      }),
      nodeReport("fra-build-1", {
        os: "linux",
        ip: "100.64.0.7",
        location: placeAt("frankfurt"),
        place: placeAt("frankfurt", { source: "tailscale", detail: "Tailscale's own record" }),
        transports: ["ssh"],
        nodeId: null,
        online: null,
        rttMs: 213,
        path: "direct",
        tags: { region: "eu", "build-farm": "" },
        resources: resources(32, 11.9, 128, 90.1, 1_862, 201),
        agents: ["builder"],
        since: new Date(NOW_MS - 6 * 24 * HOUR).toISOString(),
        reach: { node: null, ssh: reach({ rttMs: 213 }) },
      }),
      nodeReport("fra-build-2", {
        os: "linux",
        ip: "100.64.0.8",
        location: placeAt("frankfurt"),
        place: placeAt("frankfurt"),
        transports: ["ssh"],
        nodeId: null,
        online: null,
        state: "offline",
        reason: OFFLINE,
        since: new Date(NOW_MS - 14 * MINUTE).toISOString(),
        tags: { region: "eu", "build-farm": "" },
        resources: resources(32, null, 128, null, 1_862, null),
        reach: {
          node: null,
          ssh: reach({
            state: "down",
            rttMs: null,
            failures: 9,
            lastAnswerMs: NOW_MS - 14 * MINUTE,
            reason: OFFLINE,
          }),
        },
      }),
      nodeReport("nas", {
        state: "unknown",
        reason: "over SSH: nobody asked it yet",
        ip: "192.168.7.20",
        transports: ["ssh"],
        since: null,
        reach: { node: null, ssh: reach({ state: "unknown", rttMs: null, lastAnswerMs: null }) },
      }),
    ],
    gateway: { place: placeAt("shanghai") },
    attributions: ["IP Geolocation by DB-IP (https://db-ip.com)"],
    snapshotAgeMs: 900,
  };
}

function resources(
  cpuCount: number,
  load1: number | null,
  memory: number,
  memoryFree: number | null,
  disk: number,
  diskFree: number | null,
): NodeReport["resources"] {
  return {
    cpuCount,
    load1,
    memoryTotalBytes: memory * GIB,
    memoryAvailableBytes: memoryFree === null ? null : memoryFree * GIB,
    diskTotalBytes: disk * GIB,
    diskAvailableBytes: diskFree === null ? null : diskFree * GIB,
  };
}

export function smallEvents(): readonly Transition[] {
  return [
    transition({
      node: "laptop",
      from: "ready",
      to: "degraded",
      atMs: NOW_MS - 8 * MINUTE,
      reason: "over the node protocol: no answer within 2.5 s",
    }),
    transition({
      node: "fra-build-2",
      from: "degraded",
      to: "offline",
      atMs: NOW_MS - 14 * MINUTE,
      reason: OFFLINE,
    }),
    transition({
      node: "fra-build-2",
      from: "ready",
      to: "degraded",
      atMs: NOW_MS - 14 * MINUTE - 3 * SECOND,
      reason: OFFLINE,
    }),
    transition(),
    transition({
      node: "fra-build-1",
      from: null,
      to: "ready",
      atMs: NOW_MS - 6 * 24 * HOUR,
      reason: "answers over SSH",
    }),
  ];
}

/** As many nodes as asked for, over four cities and none, in every state. */
export function largeFleet(count: number): NodesReport {
  const states = ["ready", "ready", "ready", "ready", "degraded", "stale", "offline", "unknown"] as const;
  const cities = ["singapore", "frankfurt", "tokyo", "hangzhou", null] as const;
  return {
    ...smallFleet(),
    nodes: Array.from({ length: count }, (_, index) => {
      const city = cities[index % cities.length] ?? null;
      const place = city === null ? null : placeAt(city);
      return nodeReport(`node-${String(index).padStart(3, "0")}`, {
        state: states[index % states.length] ?? "ready",
        place,
        location: place,
        ip: `100.64.${index >> 8}.${index & 255}`,
        rttMs: 5 + index,
        path: index % 3 === 0 ? "relayed" : "direct",
        resources: resources(8, index / 100, 16, 16 - (index % 16), 512, 256),
        agents: index % 25 === 0 ? [`agent-${index}`] : [],
      });
    }),
  };
}

/** Sets `owned` on the page's window, should it ever run. */
export const HOSTILE_NAMES = [
  "<script>window.owned=1</script>",
  '"><img src=x onerror="window.owned=1">',
  "</title><svg onload=window.owned=1>",
  "\u202egnp.exe\u202c-rtl-override",
  "שרת-ירושלים",
  `long-${"x".repeat(495)}`,
  "a\u0000b\u001b[31mred",
  "__proto__",
] as const;

/** Every text of the report that comes from outside is one of the names. */
export function hostileFleet(): NodesReport {
  return {
    nodes: HOSTILE_NAMES.map((name, index) =>
      nodeReport(name, {
        reason: name,
        ip: name,
        os: name,
        workspace: name,
        agents: [name],
        tags: { [name]: name },
        rttMs: 10,
        path: "direct",
        place: {
          country: name,
          city: name,
          latitude: 50 - index * 12,
          longitude: -100 + index * 25,
          source: "declared",
          precision: "city",
          confidence: "high",
          detail: name,
        },
        otherPlaces: [placeAt("tokyo", { detail: name })],
        contradictions: [{ fact: name, values: [{ value: name, source: name, atMs: null }] }],
        facts: { hostname: fact<"hostname">(name), ips: fact<"ips">([name]) },
        reach: { node: reach({ reason: name, state: "failing" }), ssh: null },
        history: {
          node: name,
          sinceMs: 0,
          onlineRatio: null,
          flaps: 0,
          transitions: [transition({ node: name, reason: name })],
        },
      }),
    ),
    gateway: { place: placeAt("shanghai", { city: HOSTILE_NAMES[0] }) },
    attributions: [...HOSTILE_NAMES],
    snapshotAgeMs: 0,
  };
}

/** A peer in Singapore that answers, one that is away and one that only calls; tasks in both directions. */
export function smallPeers(): PeersOverview {
  const peer = { why: null, online: null, rttMs: null, clockOffsetMs: null, place: null };
  const line = {
    id: "01990000-0000-7000-8000-000000000001",
    agent: "worker-sg",
    requester: "master",
    endedAt: null,
    createdAt: new Date(NOW_MS - 180_000).toISOString(),
  };
  return {
    peers: [
      {
        ...peer,
        name: "gw-sg",
        state: "online",
        online: true,
        rttMs: 71,
        clockOffsetMs: -250,
        place: placeAt("singapore"),
      },
      { ...peer, name: "gw-hk", state: "offline", online: false, why: "it did not answer within 2.5 s" },
      { ...peer, name: "gw-cn", state: "inbound" },
    ],
    delegations: [
      { ...line, direction: "out", state: "working", peer: "gw-sg" },
      { ...line, id: `${line.id}2`, direction: "in", state: "completed", peer: "gw-cn", requester: "boss" },
    ],
    left: 3,
    counts: [
      { direction: "out", state: "working", count: 1 },
      { direction: "out", state: "unknown", count: 0 },
      { direction: "in", state: "completed", count: 4 },
    ],
  };
}

/** A status report to these nodes: every agent that a node names is routed there. */
export function statusFor({ nodes }: NodesReport): StatusReport {
  const agents = nodes.flatMap(({ name, agents: names, transports, state }) =>
    names.map(
      (agent): AgentStatus => ({
        agent,
        rule: `rule-${name}`,
        outcome: "placed",
        node: name,
        transport: transports[0] ?? null,
        binding: transports.includes("ssh") ? "workspace" : "exec",
        presence: "online",
        guard: "guarded",
        message: `"${name}" was chosen`,
        state,
        model: null,
        workspace: null,
        sessions: null,
        tokens: null,
      }),
    ),
  );
  return {
    version: "0.1.0",
    mode: "enforce",
    hooks: "live",
    agents,
    nodes: {
      total: nodes.length,
      online: 0,
      unknown: 0,
      states: { ready: 0, degraded: 0, stale: 0, offline: 0, unknown: 0 },
    },
    counters: {
      placed: 1204,
      refused: 7,
      unrouted: 31,
      mismatches: 0,
      runsRefused: 0,
      missed: 0,
      hostedRefused: 0,
    },
    ssh: [{ node: "mac-sg", connected: 1, free: 2, pending: 0, queued: 0, running: 1, size: 3 }],
    audit: {
      mode: "best-effort",
      file: "/state/node-router/audit/audit.jsonl",
      written: 2_415,
      failed: 0,
      waiting: 2,
      refused: 0,
      lastError: null,
      head: { n: 90_210, hash: "h".repeat(43) },
      ends: { ran: 1_190, refused: 7, unknown: 1 },
      full: [],
    },
    problems: [],
    snapshotAgeMs: 900,
    sources: [
      { id: "gateway", lastOkMs: NOW_MS - 900, failures: 0, lastError: null },
      { id: "tailscale", lastOkMs: null, failures: 3, lastError: "the LocalAPI socket is not there" },
    ],
  };
}
