// Filter: over the node protocol, the host must know the node.
import type { Reason } from "../model/decision.ts";
import type { NodeState } from "../model/snapshot.ts";
import { transportFor } from "../model/transportFor.ts";
import type { Filter } from "./filter.ts";

export const NOT_PAIRED: Reason = { filter: "paired", one: "was not paired", many: "were not paired" };

export function isPaired(node: NodeState): boolean {
  return node.nodeId !== null && node.approval !== "unpaired";
}

/** SSH needs no pairing. */
export const pairedFilter: Filter = ({ request }) =>
  transportFor(request.binding) === "ssh" ? [] : [{ reason: NOT_PAIRED, keeps: isPaired }];
