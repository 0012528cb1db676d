// Presence source "gateway": what the host's own list says of the paired nodes.
import { knownFacts } from "../../facts.ts";
import type { Observation, PresenceSource } from "../../record.ts";
import type { HostNodes } from "./hostList.ts";
import { type HostNode, platformOs } from "./hostNode.ts";

/** The host's list, at most this old. @throws NodeRouterError INVENTORY_UNAVAILABLE */
export type ReadNodes = (maxAgeMs: number) => Promise<HostNodes>;

const INTERVAL_MS = 5_000;

/**
 * A timer can lose the host's authority (OpenClaw 2026.9.6); calls still read the list then, in their own scope, and
 * their last one is used as long as it is newer than ours. That we may not ask says nothing of a node.
 * @param last the newest list that anybody read; null: nobody yet.
 */
export function createGatewaySource(read: ReadNodes, last: () => HostNodes | null): PresenceSource {
  let observedMs = Number.NEGATIVE_INFINITY;
  return {
    id: "gateway",
    intervalMs: () => INTERVAL_MS,
    timeoutMs: 10_000,
    async round(targets, sink) {
      const list = await read(INTERVAL_MS / 2).catch((error: unknown) => {
        const known = last();
        if (known === null || known.takenAtMs <= observedMs) throw error;
        return known;
      });
      observedMs = list.takenAtMs;
      const byId = new Map(list.nodes.map((node) => [node.nodeId, node]));
      for (const { name, nodeId } of targets) {
        const node = nodeId === null ? undefined : byId.get(nodeId);
        if (node !== undefined) sink.observe(hostObservation(name, node, list.takenAtMs));
      }
    },
  };
}

/** Pure. */
export function hostObservation(name: string, node: HostNode, atMs: number): Observation {
  const { stats } = node;
  const os = platformOs(node.platform);
  const numbers = knownFacts({
    cpuCount: stats?.cpuCount,
    // The host leaves the load out when it is zero as well as when there is none, so it stays unknown.
    load1: stats?.load1,
    memoryTotalBytes: stats?.memoryTotalBytes,
    // On macOS Node counts only pages that hold nothing, and macOS keeps those few: no measure of what can be had.
    memoryAvailableBytes: os === "macos" ? null : stats?.memoryFreeBytes,
    diskTotalBytes: stats?.diskTotalBytes,
    diskAvailableBytes: stats?.diskAvailableBytes,
  });
  const facts = knownFacts({
    connected: node.connected,
    approval: node.approval === "unknown" ? null : node.approval,
    version: node.version,
    ips: node.remoteIp === null ? null : [node.remoteIp],
    os,
  });
  const updatedAtMs = stats?.updatedAtMs ?? atMs;
  const factAtMs = Object.fromEntries(Object.keys(numbers).map((name) => [name, updatedAtMs]));
  return { node: name, source: "gateway", atMs, facts: { ...facts, ...numbers }, factAtMs };
}
