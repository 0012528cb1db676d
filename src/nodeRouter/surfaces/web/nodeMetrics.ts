// What is told of each node: what it is, how it is, and how it is reached.
import { PRESENCE_STATES } from "../../../presence/freshness.ts";
import type { NodeReport } from "../reports/nodeReport.ts";
import { type AddMetric, addNumbers, cutLabel, type SharedLabels } from "./metricSeries.ts";

const TRANSPORTS = ["node", "ssh"] as const;

const INFO_LABELS = ["node", "node_id", "os", "arch", "country", "city", "place_source", "path", "version"];

export function addNodes(gauge: AddMetric, reports: readonly NodeReport[]): void {
  const nodes = labelled(reports);
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
  addNumbers(gauge, NODE_CALLS, ["node"], (put) => {
    for (const { node, named } of nodes)
      if (node.calls !== undefined)
        put({ ...node.calls, out: node.calls.ejected === null ? 0 : 1 }, undefined, named);
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

/** A node with the one object that all of its series share. */
interface Labelled {
  readonly node: NodeReport;
  readonly named: SharedLabels;
}

/** Of nodes whose names are the same once they are cut, the first: Prometheus takes no series twice. */
function labelled(nodes: readonly NodeReport[]): readonly Labelled[] {
  const byName = new Map<string, Labelled>();
  for (const node of nodes) {
    const name = cutLabel(node.name);
    if (!byName.has(name)) byName.set(name, { node, named: { node: name } });
  }
  return [...byName.values()];
}

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

/** Those of a node. */
const NODE_CALLS = [
  ["node_running_calls", "Calls that this gateway has on a node.", "running"],
  ["node_max_running_calls", "Calls that may run on a node at once.", "maxRunning"],
  ["node_waiting_calls", "Calls that would go to a node if it had room.", "waiting"],
  ["node_ejected", "Whether a node is left alone because calls to it failed.", "out"],
] as const;

const TUNNELS = [
  ["tunnel_up", "Whether the tunnel by which a node reaches the gateway is there.", "up"],
  ["tunnel_connections", "Connections through a node's tunnel.", "connections"],
  ["tunnel_retries", "Attempts that failed since a node's tunnel was last up.", "retries"],
] as const;
