// Agents with exec alone whose nodes are reached over SSH only: the way out, in the host's own settings. Pure.

import { isOnlySsh, ONLY_SSH } from "../placement/filters/transport.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import type { NodeState } from "../placement/model/snapshot.ts";

/**
 * What to add to the advice of an exec whose rule means a node that only SSH reaches; null for every other
 * decision. OpenClaw runs `exec` on a node over its own protocol only, and rewriting the call into a local
 * helper would run it on the gateway whenever the plugin is missing.
 */
export function workspaceAdvice(decision: PlacementDecision): string | null {
  const { outcome, request, filtered } = decision;
  if (outcome !== "refused" || request.tool !== "exec" || request.binding !== "exec") return null;
  if (!filtered.some(({ reason }) => reason === ONLY_SSH)) return null;
  const sandbox = `agents.entries.${request.agent}.sandbox`;
  // With other nodes the operator must choose, so the guard writes nothing of this.
  const isSure = filtered.every(({ reason }) => reason === ONLY_SSH || reason.about === "rule");
  return (
    "Over SSH an agent works with its whole workspace on the node: " +
    `set ${sandbox}.mode: "all", ${sandbox}.backend: "node-router" and ${sandbox}.workspaceAccess: "rw"` +
    (isSure ? ', or run "openclaw node-router guard", which writes them' : "")
  );
}

/** Whether a whole workspace is the only way in which these nodes can be used. Unknown pairing is not "unpaired". */
export function areOnlySsh(nodes: readonly NodeState[]): boolean {
  const isSure = ({ transport, approval }: NodeState) => transport === "ssh" || approval !== "unknown";
  return nodes.length > 0 && nodes.every((node) => node.ssh && isOnlySsh(node) && isSure(node));
}
