// Presence source "gateway": what the host's own list says of the paired nodes.
import type { FactName, FactValues, Observation, PresenceSource } from "../../record.ts";
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
  const numbers = {
    cpuCount: stats?.cpuCount,
    // The host leaves the load out when it is zero as well as when there is none, so it stays unknown.
    load1: stats?.load1,
    memoryTotalBytes: stats?.memoryTotalBytes,
    // On macOS Node counts only pages that hold nothing, and macOS keeps those few: no measure of what can be had.
    memoryAvailableBytes: os === "macos" ? null : stats?.memoryFreeBytes,
    diskTotalBytes: stats?.diskTotalBytes,
    diskAvailableBytes: stats?.diskAvailableBytes,
  };
  const facts: Partial<FactValues> = {};
  const factAtMs: Partial<Record<FactName, number>> = {};
  if (node.connected !== null) facts.connected = node.connected;
  if (node.approval !== "unknown") facts.approval = node.approval;
  if (node.version !== null) facts.version = node.version;
  if (node.remoteIp !== null) facts.ips = [node.remoteIp];
  if (os !== null) facts.os = os;
  for (const name of NUMBERS) {
    const value = numbers[name];
    if (value === undefined || value === null || stats === null) continue;
    facts[name] = value;
    factAtMs[name] = stats.updatedAtMs;
  }
  return { node: name, source: "gateway", atMs, facts, factAtMs };
}

const NUMBERS = [
  "cpuCount",
  "load1",
  "memoryTotalBytes",
  "memoryAvailableBytes",
  "diskTotalBytes",
  "diskAvailableBytes",
] as const;
