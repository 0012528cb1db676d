// What `nodes` says: every known node with its state, place, resources, agents and history. Pure.

import { held } from "../../../presence/facts.ts";
import { reportedPlace } from "../../../presence/location/reportedPlace.ts";
import type { NodeHistory } from "../../../presence/presence.ts";
import type { NodePresence, Place } from "../../../presence/record.ts";
import { isoTime } from "../../../shared/isoTime.ts";
import type { Transport } from "../../../shared/types.ts";
import type { CallLoad } from "../../explain/callLoadText.ts";
import { cordonReport } from "../../explain/cordonText.ts";
import type { NodeSnapshot, NodeState } from "../../placement/model/snapshot.ts";
import { printTaint } from "../../placement/model/taint.ts";
import type { TunnelStatus } from "../../tunnels/tunnelStatus.ts";
import { NO_HOSTING, type NodeHosting } from "./hostedReport.ts";
import { shownAddress } from "./nodeAddress.ts";
import { locationOf, shownPlace } from "./nodePlace.ts";
import type { NodeReport, NodeResources, NodesReport } from "./nodeReport.ts";
import { shownStateOf } from "./nodeState.ts";

export type { NodeReport, NodeResources, NodesReport } from "./nodeReport.ts";

export interface NodesReportInput {
  readonly snapshot: NodeSnapshot;
  /** By inventory name; a node without a record is told as far as the host's list goes. */
  readonly presence: ReadonlyMap<string, NodePresence>;
  /** Null: nothing is kept about the node. */
  readonly history: (node: string) => NodeHistory | null;
  /** Ids of the agents whose exec would run on a node now, by node name. */
  readonly agents: ReadonlyMap<string, readonly string[]>;
  readonly gatewayPlace: Place | null;
  /** By inventory name; absent: not asked. */
  readonly calls?: (node: string) => CallLoad;
  /** By device id; absent: not asked. */
  readonly hosting?: ReadonlyMap<string, NodeHosting>;
  /** By inventory name, of those that have one in the config; absent: not asked. */
  readonly tunnels?: ReadonlyMap<string, TunnelStatus>;
  /** Credits that the data in use asks for. */
  readonly attributions: readonly string[];
  /** Epoch ms. */
  readonly nowMs: number;
}

/** One entry a node of the snapshot, by name. Nothing in it is escaped: readers show it. */
export function createNodesReport(input: NodesReportInput): NodesReport {
  const { snapshot, gatewayPlace, attributions, nowMs } = input;
  return {
    nodes: snapshot.nodes.map((node) => reportOf(node, input)).sort((a, b) => (a.name < b.name ? -1 : 1)),
    gateway: { place: gatewayPlace === null ? null : reportedPlace(gatewayPlace) },
    attributions,
    snapshotAgeMs: snapshot.takenAtMs === null ? null : Math.max(0, nowMs - snapshot.takenAtMs),
  };
}

function reportOf(node: NodeState, input: NodesReportInput): NodeReport {
  const { presence, history, agents, hosting, tunnels, calls } = input;
  const record = presence.get(node.name);
  const facts = record?.facts ?? {};
  const shown = shownPlace(node.location, record);
  const place = shown === null ? null : reportedPlace(shown);
  const { state, reason, sinceMs } = shownStateOf(node, record);
  return {
    name: node.name,
    nodeId: node.nodeId,
    configured: node.configured,
    online: node.online,
    approval: node.approval,
    os: node.tags.get("node.os") ?? facts.os?.value ?? null,
    location: place === null ? null : locationOf(place),
    tags: Object.fromEntries(node.tags),
    ...(node.taints.length === 0 ? {} : { taints: node.taints.map(printTaint) }),
    transports: TRANSPORTS.filter((way) => (way === "ssh" ? node.ssh : node.nodeId !== null)),
    transport: node.transport,
    workspace: node.workspace,
    exec: node.commands.has("system.run"),
    ghostIds: node.ghostIds,
    state,
    reason,
    since: isoTime(sinceMs),
    ip: shownAddress(facts.ips?.value ?? []),
    rttMs: record?.rttMs ?? null,
    path: held(facts.tailnetPath),
    resources: resourcesOf(facts),
    agents: agents.get(node.name) ?? [],
    ...(hosting === undefined ? {} : { hosting: hosting.get(node.nodeId ?? "") ?? NO_HOSTING }),
    ...(tunnels === undefined ? {} : { tunnel: tunnels.get(node.name) ?? null }),
    reach: record?.reach ?? { node: null, ssh: null },
    facts,
    place,
    otherPlaces: record?.otherPlaces.map(reportedPlace) ?? [],
    contradictions: record?.contradictions ?? [],
    history: history(node.name),
    ...(calls === undefined ? {} : { calls: calls(node.name) }),
    cordon: cordonReport(node.cordon),
  };
}

const TRANSPORTS: readonly Transport[] = ["node", "ssh"];

function resourcesOf(facts: NodePresence["facts"]): NodeResources {
  return {
    cpuCount: held(facts.cpuCount),
    load1: held(facts.load1),
    memoryTotalBytes: held(facts.memoryTotalBytes),
    memoryAvailableBytes: held(facts.memoryAvailableBytes),
    diskTotalBytes: held(facts.diskTotalBytes),
    diskAvailableBytes: held(facts.diskAvailableBytes),
  };
}
