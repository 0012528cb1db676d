// Filter: over the node protocol, the host must know the node.
import type { NodeState } from "../model/snapshot.ts";
import { aboutNode, type Filter } from "./filter.ts";

export const NOT_PAIRED = aboutNode("paired", "was not paired", "were not paired");

/** The host knows it: approved, waiting or unknown. */
export function isPaired(node: NodeState): boolean {
  return node.nodeId !== null && node.approval !== "unpaired";
}

/** SSH needs no pairing. */
export const pairedFilter: Filter = () => [{ reason: NOT_PAIRED, over: "node", keeps: isPaired }];
