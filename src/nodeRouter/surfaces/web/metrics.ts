// What Prometheus scrapes, from the same reports as everything else. What nobody knows has no line: it is never 0.
import { Registry } from "prom-client";
import { PRESENCE_STATES } from "../../../presence/freshness.ts";
import { countOf } from "../../../shared/tokenCount.ts";
import type { UsageOverview } from "../methods/usageMethod.ts";
import type { NodesReport } from "../reports/nodeReport.ts";
import type { PeersOverview } from "../reports/peersOverview.ts";
import type { StatusReport } from "../reports/statusReport.ts";
import { type AddMetric, addNumbers, countersIn, gaugesIn, seconds } from "./metricSeries.ts";
import { addNodes } from "./nodeMetrics.ts";

/** Series of more nodes, or peers, than this are left out: a config has at most 500, but anything may pair with a gateway. */
export const MAX_METRIC_NODES = 1_000;

/**
 * The text exposition, format 0.0.4. Names and units by https://prometheus.io/docs/practices/naming/.
 * The registry is made anew, so that a node that left leaves no series behind.
 * @param peers null: no peer is configured.
 * @param usage null: it could not be counted.
 */
export async function metricsText(
  nodes: NodesReport,
  status: StatusReport,
  peers: PeersOverview | null = null,
  usage: UsageOverview | null = null,
): Promise<string> {
  const registry = new Registry();
  const gauge = gaugesIn(registry);
  const counter = countersIn(registry);

  gauge("build_info", "The plugin that answers; always 1.", ["version", "mode"])(1, {
    version: status.version,
    mode: status.mode,
  });
  gauge("nodes", "Nodes that are known, by state.", ["state"], (set) => {
    for (const state of PRESENCE_STATES)
      set(nodes.nodes.filter((node) => node.state === state).length, { state });
  });
  gauge("node_list_age_seconds", "Age of the gateway's own list of nodes.")(seconds(nodes.snapshotAgeMs));
  addNodes(gauge, nodes.nodes.slice(0, MAX_METRIC_NODES));
  gauge("agent_route_info", "Where an agent's exec would run now; always 1.", AGENT_LABELS, (set) => {
    for (const { agent, rule, outcome, node, transport } of status.agents)
      set(1, { agent, rule, outcome, node, transport });
  });
  counter("calls_total", "Calls by outcome since the gateway started.", ["outcome"], (add) => {
    const { placed, refused, unrouted } = status.counters;
    for (const [outcome, count] of Object.entries({ placed, refused, unrouted })) add(count, { outcome });
  });
  const { audit } = status;
  if (audit !== null) {
    counter(
      "ledger_ends_total",
      "Ends of calls in the ledger since the gateway started.",
      ["outcome"],
      (add) => {
        for (const [outcome, count] of Object.entries(audit.ends)) add(count, { outcome });
      },
    );
    addNumbers(counter, RECORDS, [], (put) => put(audit));
    gauge("ledger_waiting_records", "Records that wait for the disk.")(audit.waiting);
    gauge("ledger_head", "Number of the ledger's newest record.")(audit.head?.n ?? null);
  }
  addNumbers(counter, CALLS, [], (put) => put(status.counters));
  addNumbers(gauge, SSH, ["node"], (put) => {
    for (const ssh of status.ssh) put(ssh, { node: ssh.node });
  });
  gauge("ssh_sessions", "Sessions on SSH connections, by what they do.", ["node", "state"], (set) => {
    for (const { node, free, running, pending } of status.ssh)
      for (const [state, count] of Object.entries({ free, running, pending })) set(count, { node, state });
  });
  addNumbers(gauge, SOURCES, ["source"], (put) => {
    for (const source of status.sources) put(source, { source: source.id });
  });
  addNumbers(gauge, PEERS, ["peer"], (put) => {
    for (const peer of (peers?.peers ?? []).slice(0, MAX_METRIC_NODES))
      put({ ...peer, up: peer.online === null ? null : Number(peer.online) }, { peer: peer.name });
  });
  gauge("delegations", "Tasks to and from peers that are kept.", ["direction", "state"], (set) => {
    for (const { direction, state, count } of peers?.counts ?? []) set(count, { direction, state });
  });
  // While it is counted the numbers are too low, and would look like a drop.
  addUsage(gauge, usage?.complete === true ? usage.today : []);
  return registry.metrics();
}

/** Pairs of an agent and a node beyond these are left out, the least spending ones. */
export const MAX_USAGE_PAIRS = 500;

const KINDS = [
  ["input", "input"],
  ["output", "output"],
  ["cache_read", "cacheRead"],
  ["cache_write", "cacheWrite"],
] as const;

function addUsage(gauge: AddMetric, today: UsageOverview["today"]): void {
  const pairs = [...today]
    .sort((one, other) => countOf(other.tokens) - countOf(one.tokens))
    .slice(0, MAX_USAGE_PAIRS);
  gauge("usage_tokens", "Tokens of agents since midnight UTC.", ["agent", "node", "kind"], (set) => {
    for (const { agent, node, tokens } of pairs)
      for (const [kind, field] of KINDS) set(tokens[field], { agent, node, kind });
  });
  gauge("usage_cost", "What they cost, by the prices in OpenClaw's config.", ["agent", "node"], (set) => {
    for (const { agent, node, tokens } of pairs)
      set(tokens.unpriced > 0 ? null : tokens.cost, { agent, node });
  });
}

const AGENT_LABELS = ["agent", "rule", "outcome", "node", "transport"];

const CALLS = [
  ["mismatches_total", "Results that named another node than the decision; must stay 0.", "mismatches"],
  ["runs_refused_total", "Node runs that the node-invoke policy refused.", "runsRefused"],
  [
    "missed_calls_total",
    "Calls of routed agents that ran without this plugin's hooks; must stay 0.",
    "missed",
  ],
] as const;

const RECORDS = [
  ["ledger_records_total", "Records that were written since the gateway started.", "written"],
  ["ledger_lost_records_total", "Records that are lost; should stay 0.", "failed"],
] as const;

const SSH = [
  ["ssh_connections", "SSH connections that are open.", "connected"],
  ["ssh_queued_commands", "Commands that wait for an SSH session.", "queued"],
] as const;

const PEERS = [
  ["peer_up", "Whether a peer answers.", "up"],
  ["peer_rtt_seconds", "Round trip of the last answer of a peer.", "rttMs"],
  ["peer_clock_offset_seconds", "A peer's clock less this gateway's.", "clockOffsetMs"],
] as const;

const SOURCES = [
  ["presence_source_failures", "Rounds of a source of node presence that failed in a row.", "failures"],
  [
    "presence_source_last_success_timestamp_seconds",
    "When a source of node presence last finished a round.",
    "lastOkMs",
  ],
] as const;
