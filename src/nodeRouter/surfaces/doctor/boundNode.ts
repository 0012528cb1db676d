// Which paired node a native setting names, found as the host finds it. Pure.
import type { HostNode } from "../../../presence/sources/gateway/hostNode.ts";
import { pairedAs } from "../../inventory/inventory.ts";

/** Shorter beginnings of an id name nothing. */
const MIN_ID_PREFIX = 6;

/** The node's id by exact id, IP address, display name or beginning of the id; the text itself when none fits. */
export function boundNodeId(named: string, hostNodes: readonly HostNode[]): string {
  const text = named.trim();
  const exact = hostNodes.find((node) => node.nodeId.toLowerCase() === text.toLowerCase());
  const found =
    exact ??
    hostNodes.find((node) => node.remoteIp === text) ??
    pairedAs(text, hostNodes)[0] ??
    hostNodes.find((node) => text.length >= MIN_ID_PREFIX && node.nodeId.startsWith(text));
  return found?.nodeId ?? text;
}
