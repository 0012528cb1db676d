// What Prometheus scrapes, from the same reports as everything else. What nobody knows has no line: it is never 0.
import { Counter, Gauge, Registry } from "prom-client";
import { PRESENCE_STATES } from "../../../presence/freshness.ts";
import type { NodeReport, NodesReport } from "../reports/nodeReport.ts";
import type { StatusReport } from "../reports/statusReport.ts";

const PREFIX = "openclaw_node_router_";

/** Series of more nodes than this are left out: a config has at most 500, but anything may pair with a gateway. */
export const MAX_METRIC_NODES = 1_000;

/** Longer label values are cut: they come from nodes. No configured name is longer. */
export const MAX_LABEL_LENGTH = 253;

const TRANSPORTS = ["node", "ssh"] as const;

type Labels = Readonly<Record<string, string | null | undefined>>;

/**
 * The text exposition, format 0.0.4. Names and units by https://prometheus.io/docs/practices/naming/.
 * The registry is made anew, so that a node that left leaves no series behind.
 */
export async function metricsText(nodes: NodesReport, status: StatusReport): Promise<string> {
  const registry = new Registry();
  const gauge = adding(registry, SeriesGauge, ({ series }, one) => series.push(one));
  const counter = adding(registry, Counter, (made, { labels, value }) => made.inc(labels, value));

  gauge("build_info", "The plugin that answers; always 1.", ["version", "mode"])(1, {
    version: status.version,
    mode: status.mode,
  });
  gauge("nodes", "Nodes that are known, by state.", ["state"], (set) => {
    for (const state of PRESENCE_STATES)
      set(nodes.nodes.filter((node) => node.state === state).length, { state });
  });
  gauge("node_list_age_seconds", "Age of the gateway's own list of nodes.")(seconds(nodes.snapshotAgeMs));
  addNodes(gauge, labelled(nodes.nodes.slice(0, MAX_METRIC_NODES)));
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
  return registry.metrics();
}

const AGENT_LABELS = ["agent", "rule", "outcome", "node", "transport"];
const INFO_LABELS = ["node", "node_id", "os", "arch", "country", "city", "place_source", "path", "version"];

/** A node with the one object that all of its series share. */
interface Labelled {
  readonly node: NodeReport;
  readonly named: SharedLabels;
}

/** Of nodes whose names are the same once they are cut, the first: Prometheus takes no series twice. */
function labelled(nodes: readonly NodeReport[]): readonly Labelled[] {
  const byName = new Map<string, Labelled>();
  for (const node of nodes) {
    const name = cut(node.name);
    if (!byName.has(name)) byName.set(name, { node, named: { node: name } });
  }
  return [...byName.values()];
}

function addNodes(gauge: AddMetric, nodes: readonly Labelled[]): void {
  gauge("node_info", "What a node is; always 1.", INFO_LABELS, (set) => {
    for (const { node, named } of nodes) {
      const { nodeId, os, facts, path } = node;
      const at = node.place ?? node.location;
      const labels = {
        node_id: nodeId,
        os,
        arch: facts.arch?.value,
        country: at?.country,
        city: at?.city,
        place_source: at?.source,
        path,
        version: facts.version?.value,
      };
      set(1, labels, named);
    }
  });
  gauge("node_state", "1 for the state that a node is in, 0 for the others.", ["node", "state"], (set) => {
    for (const { node, named } of nodes)
      for (const state of PRESENCE_STATES) set(node.state === state ? 1 : 0, { state }, named);
  });
  gauge("node_agents", "Agents whose exec would run on a node now.", ["node"], (set) => {
    for (const { node, named } of nodes) set(node.agents.length, undefined, named);
  });
  gauge("node_cordoned", "Whether the operator keeps calls away from a node.", ["node"], (set) => {
    for (const { node, named } of nodes) set(node.cordon === null ? 0 : 1, undefined, named);
  });
  addNumbers(gauge, REACH, ["node", "transport"], (put) => {
    for (const { node, named } of nodes)
      for (const transport of TRANSPORTS) {
        const known = node.reach[transport];
        if (known !== null) put({ ...known, up: UP[known.state] }, { transport }, named);
      }
  });
  addNumbers(gauge, TUNNELS, ["node"], (put) => {
    for (const { node, named } of nodes)
      if (node.tunnel != null)
        put({ ...node.tunnel, up: node.tunnel.state === "up" ? 1 : 0 }, undefined, named);
  });
  addNumbers(gauge, RESOURCES, ["node"], (put) => {
    for (const { node, named } of nodes) put(node.resources, undefined, named);
  });
}

/** Metrics of a record's fields. */
type Numbers<Field> = readonly (readonly [name: string, help: string, field: Field])[];

const RESOURCES = [
  ["node_load1", "Load average of one minute.", "load1"],
  ["node_cpus", "Processors that a node may use.", "cpuCount"],
  ["node_memory_total_bytes", "Memory of a node.", "memoryTotalBytes"],
  ["node_memory_available_bytes", "Memory that programs can still get.", "memoryAvailableBytes"],
  ["node_disk_total_bytes", "Size of the disk that holds a node's workspace.", "diskTotalBytes"],
  ["node_disk_available_bytes", "Free space on that disk.", "diskAvailableBytes"],
] as const;

/** One lost answer is not down yet; nobody knowing is neither. */
const UP = { up: 1, failing: 1, down: 0, unknown: null };
const REACH = [
  ["node_up", "Whether a node answers over a transport.", "up"],
  ["node_round_trip_seconds", "Round trip, median of the last 5.", "rttMs"],
  ["node_last_answer_timestamp_seconds", "When a node last answered.", "lastAnswerMs"],
] as const;

const TUNNELS = [
  ["tunnel_up", "Whether the tunnel by which a node reaches the gateway is there.", "up"],
  ["tunnel_connections", "Connections through a node's tunnel.", "connections"],
  ["tunnel_retries", "Attempts that failed since a node's tunnel was last up.", "retries"],
] as const;

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

const SOURCES = [
  ["presence_source_failures", "Rounds of a source of node presence that failed in a row.", "failures"],
  [
    "presence_source_last_success_timestamp_seconds",
    "When a source of node presence last finished a round.",
    "lastOkMs",
  ],
] as const;

/** A metric for each of the fields; what a field has in ms is told in seconds. */
function addNumbers<Field extends string>(
  add: AddMetric,
  numbers: Numbers<Field>,
  labelNames: readonly string[],
  each: (
    put: (of: Readonly<Record<Field, number | null>>, labels?: Labels, shared?: SharedLabels) => void,
  ) => void,
): void {
  for (const [name, help, field] of numbers) {
    const told = field.endsWith("Ms") ? seconds : (value: number | null) => value;
    add(name, help, labelNames, (set) => each((of, labels, shared) => set(told(of[field]), labels, shared)));
  }
}

type SetValue = (value: number | null, labels?: Labels, shared?: SharedLabels) => void;
type FillGauge = (set: SetValue) => void;
type AddMetric = (name: string, help: string, labelNames?: readonly string[], fill?: FillGauge) => SetValue;

/** One line. The library writes `sharedLabels` behind `labels`, and what it made of the same object once it uses again. */
interface Series {
  readonly value: number;
  readonly labels: Record<string, string>;
  readonly sharedLabels: SharedLabels;
}

type SharedLabels = Record<string, string>;
const NO_LABELS: SharedLabels = {};

/**
 * A gauge that hands its series over as they are. Everything is set once, with names from here, for a single answer:
 * the library's map of hashes and its checks would take longer than all the rest.
 */
class SeriesGauge extends Gauge {
  readonly series: Series[] = [];

  override async get() {
    return { ...(await super.get()), values: this.series };
  }
}

type Config = ConstructorParameters<typeof Counter>[0];

/** Makes a metric of that kind, and puts in what is known. */
function adding<M>(
  registry: Registry,
  Kind: new (config: Config) => M,
  put: (metric: M, series: Series) => void,
): AddMetric {
  return (name, help, labelNames = [], fill) => {
    const made = new Kind({ name: PREFIX + name, help, labelNames: [...labelNames], registers: [registry] });
    const set: SetValue = (value, labels, sharedLabels = NO_LABELS) => {
      if (value === null || !Number.isFinite(value)) return;
      put(made, { value, labels: labels === undefined ? NO_LABELS : cleaned(labels), sharedLabels });
    };
    fill?.(set);
    return set;
  };
}

/** Prometheus reads an empty label as none. */
function cleaned(labels: Labels): Record<string, string> {
  const clean: Record<string, string> = {};
  for (const name in labels) clean[name] = cut(labels[name] ?? "");
  return clean;
}

function cut(value: string): string {
  return value.length > MAX_LABEL_LENGTH ? value.slice(0, MAX_LABEL_LENGTH) : value;
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}
