// The exposition as Prometheus reads it: parsed back by the rules of the text format.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { NodesReport } from "../../../../src/nodeRouter/surfaces/reports/nodeReport.ts";
import type { PeersOverview } from "../../../../src/nodeRouter/surfaces/reports/peersOverview.ts";
import { MAX_LABEL_LENGTH } from "../../../../src/nodeRouter/surfaces/web/metricSeries.ts";
import {
  MAX_METRIC_NODES,
  MAX_USAGE_PAIRS,
  metricsText,
} from "../../../../src/nodeRouter/surfaces/web/metrics.ts";
import {
  HOSTILE_NAMES,
  largeFleet,
  NOW_MS,
  nodeReport,
  reach,
  smallFleet,
  smallPeers,
  statusFor,
} from "./fleet.ts";
import { smallUsage } from "./usageSample.ts";

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details; throws at what it does not allow. */
function parse(text: string): readonly Sample[] {
  expect(text.endsWith("\n")).toBe(true);
  const types = new Map<string, string>();
  return text.split("\n").flatMap((line): readonly Sample[] => {
    if (line === "") return [];
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
    if (comment !== null) {
      if (comment[1] === "TYPE") types.set(comment[2] ?? "", comment[3] ?? "");
      return [];
    }
    const sample = /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)$/.exec(
      line,
    );
    if (sample === null) throw new Error(`not a line of the format: ${line}`);
    const [, name = "", labels = "", value = ""] = sample;
    expect(types.get(name)).toBe(name.endsWith("_total") ? "counter" : "gauge");
    const pairs = [...labels.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(
      ([, key = "", raw = ""]) => [
        key,
        raw.replaceAll(/\\(.)/g, (_, letter: string) => (letter === "n" ? "\n" : letter)),
      ],
    );
    return [
      {
        name: name.replace("openclaw_node_router_", ""),
        labels: Object.fromEntries(pairs),
        value: Number(value),
      },
    ];
  });
}

async function samples(
  nodes: NodesReport = smallFleet(),
  peers: PeersOverview | null = null,
): Promise<readonly Sample[]> {
  return parse(await metricsText(nodes, statusFor(nodes), peers));
}

const named = (all: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}) =>
  all.filter(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
const values = (all: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}) =>
  named(all, name, labels).map(({ value }) => value);

describe("what is known", () => {
  test("a node's facts are labels of one series that is always 1", async () => {
    const [info] = named(await samples(), "node_info", { node: "mac-sg" });
    expect(info).toMatchObject({
      value: 1,
      labels: { os: "macos", arch: "arm64", country: "SG", city: "Singapore", path: "direct" },
    });
  });

  test("a node is in exactly one state", async () => {
    const all = await samples();
    for (const { name, state } of smallFleet().nodes) {
      expect(named(all, "node_state", { node: name }).filter(({ value }) => value === 1)).toMatchObject([
        { labels: { state } },
      ]);
      expect(values(all, "node_state", { node: name })).toHaveLength(5);
    }
  });

  test("times are in seconds, sizes in bytes", async () => {
    const all = await samples();
    expect(values(all, "node_round_trip_seconds", { node: "mac-sg", transport: "ssh" })).toEqual([0.072]);
    expect(values(all, "node_memory_total_bytes", { node: "mac-sg" })).toEqual([64 * 1024 ** 3]);
    expect(values(all, "node_last_answer_timestamp_seconds", { node: "mac-sg", transport: "ssh" })).toEqual([
      (NOW_MS - 1_400) / 1000,
    ]);
    expect(values(all, "node_list_age_seconds")).toEqual([0.9]);
  });

  test("calls, SSH sessions, agents and sources are there", async () => {
    const all = await samples();
    expect(values(all, "calls_total", { outcome: "placed" })).toEqual([1204]);
    expect(values(all, "mismatches_total")).toEqual([0]);
    expect(values(all, "ssh_sessions", { node: "mac-sg", state: "free" })).toEqual([2]);
    expect(values(all, "agent_route_info", { agent: "worker-sg", node: "mac-sg" })).toEqual([1]);
    expect(values(all, "presence_source_failures", { source: "tailscale" })).toEqual([3]);
    expect(values(all, "nodes", { state: "offline" })).toEqual([1]);
  });
});

describe("usage", () => {
  const told = async (usage: ReturnType<typeof smallUsage> | null) =>
    parse(await metricsText(smallFleet(), statusFor(smallFleet()), null, usage));

  test("has tokens by agent, node and kind; a cost without all of its prices is no cost", async () => {
    const all = await told(smallUsage());
    const sg = { agent: "worker-sg", node: "mac-sg" };
    expect(values(all, "usage_tokens", { ...sg, kind: "input" })).toEqual([12_000]);
    expect(values(all, "usage_tokens", { ...sg, kind: "cache_read" })).toEqual([90]);
    expect(values(all, "usage_cost", sg)).toEqual([0.0127]);
    expect(values(all, "usage_cost", { agent: "master" })).toEqual([]);
    expect(named(all, "usage_tokens", { agent: "old", kind: "input" })).toMatchObject([
      { labels: { node: "" }, value: 1 },
    ]);
  });

  test("has no lines while it is counted, or where nobody can count it", async () => {
    expect(named(await told({ ...smallUsage(), complete: false }), "usage_tokens")).toEqual([]);
    expect(named(await told(null), "usage_tokens")).toEqual([]);
  });

  test("of very many pairs has those that spent most", async () => {
    const [one] = smallUsage().today;
    const today = Array.from({ length: MAX_USAGE_PAIRS + 5 }, (_, at) => ({
      agent: `agent-${at}`,
      node: "mac-sg",
      tokens: { ...(one?.tokens ?? smallUsage().regions[0]), input: at + 1, unpriced: 0 },
    })) as ReturnType<typeof smallUsage>["today"];
    const all = await told({ ...smallUsage(), today });
    expect(named(all, "usage_cost")).toHaveLength(MAX_USAGE_PAIRS);
    expect(named(all, "usage_cost", { agent: "agent-0" })).toEqual([]);
  });
});

describe("tunnels", () => {
  test("are up or not, with what goes through them; a node without one has no line", async () => {
    const fleet = smallFleet();
    const nodes = fleet.nodes.map((node) =>
      node.name === "mac-sg" && fleet.nodes[0]?.tunnel
        ? {
            ...node,
            tunnel: { ...fleet.nodes[0].tunnel, state: "blocked" as const, retries: 4, connections: 0 },
          }
        : node,
    );
    const all = await samples({ ...fleet, nodes });
    expect(values(all, "tunnel_up", { node: "mac-cn" })).toEqual([1]);
    expect(values(all, "tunnel_connections", { node: "mac-cn" })).toEqual([1]);
    expect(values(all, "tunnel_up", { node: "mac-sg" })).toEqual([0]);
    expect(values(all, "tunnel_retries", { node: "mac-sg" })).toEqual([4]);
    expect(values(all, "tunnel_up", { node: "nas" })).toEqual([]);
  });
});

describe("peers", () => {
  test("are up or not with round trip and clock in seconds, delegations counted; what nobody knows has no line", async () => {
    const all = await samples(smallFleet(), smallPeers());
    expect(named(all, "peer_up").map(({ labels, value }) => [labels.peer, value])).toEqual([
      ["gw-sg", 1],
      ["gw-hk", 0],
    ]);
    expect(named(all, "peer_rtt_seconds")).toMatchObject([{ labels: { peer: "gw-sg" }, value: 0.071 }]);
    expect(named(all, "peer_clock_offset_seconds")).toMatchObject([{ value: -0.25 }]);
    expect(values(all, "delegations", { direction: "out", state: "working" })).toEqual([1]);
    expect(values(all, "delegations", { direction: "out", state: "unknown" })).toEqual([0]);
    expect(values(all, "delegations", { direction: "in" })).toEqual([4]);
  });

  test("that are not configured have no line at all", async () => {
    expect((await samples()).filter(({ name }) => /^(peer_|delegations)/.test(name))).toEqual([]);
  });
});

describe("what is not known has no line, and is never 0", () => {
  test.each(["node_load1", "node_cpus", "node_memory_available_bytes", "node_disk_available_bytes"])(
    "%s",
    async (name) => {
      const all = await samples();
      expect(values(all, name, { node: "nas" })).toEqual([]);
      expect(values(all, name, { node: "mac-sg" })).toHaveLength(1);
    },
  );

  test("nobody knows whether it answers: neither up nor down", async () => {
    const all = await samples();
    expect(values(all, "node_up", { node: "nas" })).toEqual([]);
    expect(values(all, "node_up", { node: "fra-build-2" })).toEqual([0]);
    expect(values(all, "node_up", { node: "laptop" })).toEqual([1]); // one lost answer is not down
  });

  test("a source that never succeeded has no time of its last success, not the year 1970", async () => {
    const all = await samples();
    expect(values(all, "presence_source_last_success_timestamp_seconds", { source: "tailscale" })).toEqual(
      [],
    );
    expect(values(all, "presence_source_last_success_timestamp_seconds", { source: "gateway" })).toHaveLength(
      1,
    );
  });

  test("a list that was never read has no age", async () => {
    expect(values(await samples({ ...smallFleet(), snapshotAgeMs: null }), "node_list_age_seconds")).toEqual(
      [],
    );
  });
});

describe("what comes from nodes cannot break the text", () => {
  test("hostile names come back as they are", async () => {
    const nodes = HOSTILE_NAMES.map((name) => nodeReport(name, { os: name }));
    const all = await samples({ ...smallFleet(), nodes });
    const names = HOSTILE_NAMES.map((name) => name.slice(0, MAX_LABEL_LENGTH));
    expect(named(all, "node_info").map(({ labels }) => labels.node)).toEqual(names);
    expect(named(all, "node_info").map(({ labels }) => labels.os)).toEqual(names);
  });

  test("whatever the name is, it is one label's value", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, maxLength: 60, unit: "binary" }), async (name) => {
        const all = await samples({ ...smallFleet(), nodes: [nodeReport(name, { rttMs: 1 })] });
        expect(named(all, "node_info").map(({ labels }) => labels.node)).toEqual([name]);
      }),
      { numRuns: 25 },
    );
  });

  test("a number that is none is left out", async () => {
    const broken = reach({ rttMs: Number.NaN, lastAnswerMs: Number.POSITIVE_INFINITY });
    const nodes = [nodeReport("a", { reach: { node: broken, ssh: null } })];
    const all = await samples({ ...smallFleet(), nodes });
    expect(values(all, "node_round_trip_seconds")).toEqual([]);
    expect(values(all, "node_last_answer_timestamp_seconds")).toEqual([]);
  });

  test("there is an end to the series, and the count of nodes still says how many there are", async () => {
    const all = await samples(largeFleet(MAX_METRIC_NODES + 200));
    expect(named(all, "node_info")).toHaveLength(MAX_METRIC_NODES);
    expect(values(all, "nodes").reduce((sum, value) => sum + value, 0)).toBe(MAX_METRIC_NODES + 200);
  });

  test("no series comes twice, for Prometheus would drop all of them: of names that are cut alike the first counts", async () => {
    const long = "x".repeat(MAX_LABEL_LENGTH);
    const nodes = [nodeReport(`${long}-1`, { rttMs: 1 }), nodeReport(`${long}-2`), nodeReport("other")];
    const text = await metricsText({ ...smallFleet(), nodes }, statusFor(smallFleet()));
    const series = text.split("\n").flatMap((line) => /^(\w+(?:\{.*\})?) \S+$/.exec(line)?.[1] ?? []);
    expect(new Set(series).size).toBe(series.length);
    expect(named(parse(text), "node_info").map(({ labels }) => labels.node)).toEqual([long, "other"]);
  });

  test("a node that left takes its series with it", async () => {
    await samples();
    const all = await samples({ ...smallFleet(), nodes: [nodeReport("other")] });
    expect(named(all, "node_info").map(({ labels }) => labels.node)).toEqual(["other"]);
  });
});
