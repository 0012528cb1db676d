// Filter: the operator must allow the node to be reached this way, and it must be possible.
import type { NodeState } from "../model/snapshot.ts";
import { aboutNode, type Filter } from "./filter.ts";
import { isPaired } from "./paired.ts";

export const ONLY_SSH = aboutNode("transport", "was reachable only over SSH", "were reachable only over SSH");

export const NO_SSH = aboutNode("transport", "had no SSH configured");

export const SSH_NOT_ALLOWED = aboutNode("transport", 'had transport "node", which excludes SSH');

/** Over each protocol: what `transport` excludes, and what is not there. */
export const transportFilter: Filter = () => [
  { reason: ONLY_SSH, over: "node", keeps: (node) => !isOnlySsh(node) },
  { reason: NO_SSH, over: "ssh", keeps: ({ ssh }) => ssh },
  { reason: SSH_NOT_ALLOWED, over: "ssh", keeps: ({ transport }) => transport !== "node" },
];

/** Chosen so, or because SSH is all there is: then "was not paired" would send the operator the wrong way. */
export function isOnlySsh(node: NodeState): boolean {
  return (
    node.transport === "ssh" ||
    (node.transport === "auto" && node.ssh && !isPaired(node) && node.doubt === null)
  );
}
