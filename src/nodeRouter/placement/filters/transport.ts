// Filter: the operator must allow the node to be reached this way, and it must be possible.
import type { Transport } from "../../../shared/types.ts";
import type { NodeState } from "../model/snapshot.ts";
import { needsFiles } from "../model/way.ts";
import { aboutNode, type Filter, type WayCheck } from "./filter.ts";
import { isPaired } from "./paired.ts";

export const ONLY_SSH = aboutNode("transport", "was reachable only over SSH", "were reachable only over SSH");

export const NO_SSH = aboutNode("transport", "had no SSH configured");

export const SSH_NOT_ALLOWED = aboutNode("transport", 'had transport "node", which excludes SSH');

/** Nobody reads it unless the way over SSH came less far, which it never does: it was not excluded. */
const SSH_FIRST = aboutNode("transport", "had SSH configured, which a workspace then uses");

const WORKSPACE_WAY: WayCheck = {
  reason: SSH_FIRST,
  over: "node",
  keeps: (node) => workspaceTransport(node) === "node",
};

/**
 * Over each protocol: what `transport` excludes, and what is not there. A workspace has one way to a node, by the config
 * alone: so the same session finds the same way each time, whatever answers at the moment.
 */
export const transportFilter: Filter = ({ request }) => [
  { reason: ONLY_SSH, over: "node", keeps: (node) => !isOnlySsh(node) },
  ...(needsFiles(request) ? [WORKSPACE_WAY] : []),
  { reason: NO_SSH, over: "ssh", keeps: ({ ssh }) => ssh },
  { reason: SSH_NOT_ALLOWED, over: "ssh", keeps: ({ transport }) => transport !== "node" },
];

/** Over which protocol a workspace on the node is reached, if any: `auto` is SSH where that is configured. */
export function workspaceTransport({ transport, ssh }: Pick<NodeState, "transport" | "ssh">): Transport {
  return transport === "auto" ? (ssh ? "ssh" : "node") : transport;
}

/** Chosen so, or because SSH is all there is: then "was not paired" would send the operator the wrong way. */
export function isOnlySsh(node: NodeState): boolean {
  return (
    node.transport === "ssh" ||
    (node.transport === "auto" && node.ssh && !isPaired(node) && node.doubt === null)
  );
}
