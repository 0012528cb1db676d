// Filter: over the node protocol, the host must know the node.
import type { NodeState } from "../model/snapshot.ts";
import { needsFiles } from "../model/way.ts";
import { aboutNode, type Filter, type WayCheck } from "./filter.ts";

export const NOT_PAIRED = aboutNode("paired", "was not paired", "were not paired");

/** Of a workspace, which could use either. */
export const NEITHER = aboutNode(
  "paired",
  "was neither paired nor configured with SSH",
  "were neither paired nor configured with SSH",
);

/** The host knows it: approved, waiting or unknown. */
export function isPaired(node: NodeState): boolean {
  return node.nodeId !== null && node.approval !== "unpaired";
}

const EITHER: WayCheck = { reason: NEITHER, over: "node", keeps: (node) => node.ssh || isPaired(node) };

/** SSH needs no pairing. */
export const pairedFilter: Filter = ({ request }) => [
  ...(needsFiles(request) ? [EITHER] : []),
  { reason: NOT_PAIRED, over: "node", keeps: isPaired },
];
