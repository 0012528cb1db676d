// Filter: the node must allow the only transport that can carry the binding.
import type { Reason } from "../model/decision.ts";
import type { NodeState } from "../model/snapshot.ts";
import { transportFor } from "../model/transportFor.ts";
import type { Filter } from "./filter.ts";
import { isPaired } from "./paired.ts";

export const ONLY_SSH: Reason = {
  filter: "transport",
  one: "was reachable only over SSH",
  many: "were reachable only over SSH",
};

export const NO_SSH: Reason = {
  filter: "transport",
  one: "had no SSH configured",
  many: "had no SSH configured",
};

export const SSH_NOT_ALLOWED: Reason = {
  filter: "transport",
  one: 'had transport "node", which excludes SSH',
  many: 'had transport "node", which excludes SSH',
};

export const transportFilter: Filter = ({ request }) =>
  transportFor(request.binding) === "node"
    ? [{ reason: ONLY_SSH, keeps: (node) => !isOnlySsh(node) }]
    : [
        { reason: NO_SSH, keeps: ({ ssh }) => ssh },
        {
          reason: SSH_NOT_ALLOWED,
          keeps: ({ transport }) => transport !== "node",
        },
      ];

/** Chosen so, or because SSH is all there is: then "was not paired" would send the operator the wrong way. */
export function isOnlySsh(node: NodeState): boolean {
  return (
    node.transport === "ssh" ||
    (node.transport === "auto" && node.ssh && !isPaired(node) && node.doubt === null)
  );
}
