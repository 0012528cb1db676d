// Whether a node may run whole turns of an agent. Pure.
import { refusalText } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import { whyText } from "../explain/message.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import type { AgentPolicy } from "./agentPolicy.ts";
import { candidateById, nodePlacement } from "./toolPlacement.ts";
import { closedTo, closesUnnamed } from "./untolerated.ts";

/**
 * Why this node may not run the agent's turns, as the end of a sentence that begins "on node X, "; null when it may.
 * The whole turn runs there, so the rule of `exec` decides, by the placement of every other call: `require`, approval,
 * presence, room. `onUnavailable: "gateway"` is about the gateway and allows no other node.
 * @param nodeId device id; null: not known.
 */
export function hostingProblem(
  policy: AgentPolicy,
  nodeId: string | null,
  snapshot: NodeSnapshot,
): string | null {
  if (!policy.mustBePlaced) {
    if (nodeId !== null) return closedTo(nodeId, policy.config, snapshot);
    if (!closesUnnamed(policy.config)) return null;
    return 'which the gateway does not name, and untoleratedAgents is "refuse"';
  }
  if (policy.invalid !== null)
    return `and no rule of the agent can be trusted while its config is broken (${refusalText(policy.invalid)})`;
  if (policy.binding === "workspace" && policy.config.audit === "strict") {
    return 'where nothing is audited, and plugins.entries.node-router.config.audit is "strict"';
  }
  // Hosting goes over the node protocol, whatever the agent's workspace does.
  const decision = nodePlacement(policy, "exec", snapshot);
  if (decision.rule === null) return "and no rule names the agent, whose workspace is on a node";
  const rule = `rule ${quote(decision.rule)}`;
  if (nodeId === null) return `which the gateway does not name, and ${rule} must choose it`;
  const candidate = candidateById(decision, nodeId, snapshot);
  if (candidate === undefined) return `which no known node is, and ${rule} must choose it`;
  return candidate.fits ? null : `which ${whyText(candidate, "does not fit")} (${rule})`;
}

/** The nodes on which the agent's turns may be hosted now, by device id; `hosts`: those that host sessions at all. */
export function fittingHosts(
  policy: AgentPolicy,
  snapshot: NodeSnapshot,
  hosts: ReadonlySet<string>,
): readonly string[] {
  return snapshot.nodes.flatMap(({ nodeId }) =>
    nodeId !== null && hosts.has(nodeId) && hostingProblem(policy, nodeId, snapshot) === null ? [nodeId] : [],
  );
}

/** The node as people know it. */
export function nodeLabel(nodeId: string | null, snapshot: NodeSnapshot): string {
  if (nodeId === null) return "an unknown machine";
  const known = snapshot.nodes.find((node) => node.nodeId === nodeId);
  return `node ${quote(known?.name ?? nodeId)}`;
}
