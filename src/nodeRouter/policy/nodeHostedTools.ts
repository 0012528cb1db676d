// Tools that a node publishes and runs itself (its MCP servers, its plugins): no parameter moves them. Pure.
import { type HostNode, type NodeHostedTool, publishersOf } from "../../presence/sources/gateway/hostNode.ts";
import { type Refusal, refusal } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import { whyText } from "../explain/message.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import type { AgentPolicy } from "./agentPolicy.ts";
import { candidateById, nodePlacement } from "./toolPlacement.ts";
import { closedTo } from "./untolerated.ts";

/** The host cuts names there. */
const MAX_NAME = 64;
/** Room that the host may take from a name for a number at its end. */
const MAX_NUMBER = 4;

/**
 * The nodes that may run a call of this name. The host takes a tool's own name, and puts the node's id in front where
 * that is taken.
 * @param isKnown the gateway has a tool of this name, so that no node's has it bare.
 */
export function nodesBehind(name: string, isKnown: boolean, nodes: readonly HostNode[]): readonly HostNode[] {
  const wanted = name.trim().toLowerCase();
  return publishersOf(nodes).filter(({ nodeId, tools }) =>
    tools?.some(
      (tool) => (!isKnown && tool.name.toLowerCase() === wanted) || isPrefixed(wanted, nodeId, tool),
    ),
  );
}

function isPrefixed(wanted: string, nodeId: string, { name }: NodeHostedTool): boolean {
  const prefix = `${fragmentOf(nodeId)}_`;
  if (!wanted.startsWith(prefix)) return false;
  const kept = Math.max(1, MAX_NAME - prefix.length - MAX_NUMBER);
  return wanted.slice(prefix.length).startsWith(name.toLowerCase().slice(0, kept));
}

/** As the host makes it of a node's id (OpenClaw 2026.9.6). */
function fragmentOf(nodeId: string): string {
  const fragment = nodeId
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 32);
  if (fragment === "") return "node";
  return /^[a-z]/.test(fragment) ? fragment : `node_${fragment}`.slice(0, 32);
}

/**
 * Why the agent may not call a tool that runs on these nodes; null when every one of them fits, or no rule speaks. The
 * rule is the one of this tool, else the one of `exec`.
 */
export function hostedToolRefusal(
  policy: AgentPolicy,
  tool: string,
  behind: readonly HostNode[],
  snapshot: NodeSnapshot,
): Refusal | null {
  if (behind.length === 0) return null;
  if (policy.invalid !== null) return policy.invalid;
  const decision = nodePlacement(policy, policy.ruleFor(tool) === null ? "exec" : tool, snapshot);
  if (decision.rule === null) return closedPublisher(policy, tool, behind, snapshot);
  for (const { nodeId, displayName } of behind) {
    const candidate = candidateById(decision, nodeId, snapshot);
    if (candidate?.fits === true) continue;
    const reason = whyText(candidate, "is not known");
    const label = quote(candidate?.node ?? displayName ?? nodeId);
    const fact = `${quote(tool)} is published by node ${label} and runs there whatever a rule says; that node ${reason} (rule ${quote(decision.rule)} of agent ${quote(policy.id)})`;
    const advice = "use another tool, or exec on a node that the rule allows";
    return refusal("NODE_NOT_ALLOWED", fact, { advice });
  }
  return null;
}

/** No rule speaks: only a cordon or a taint can. */
function closedPublisher(
  { id, config }: AgentPolicy,
  tool: string,
  behind: readonly HostNode[],
  snapshot: NodeSnapshot,
): Refusal | null {
  for (const { nodeId, displayName } of behind) {
    const closed = closedTo(nodeId, config, snapshot);
    if (closed === null) continue;
    const fact = `${quote(tool)} is published by node ${quote(displayName ?? nodeId)}, ${closed}; agent ${quote(id)} has no rule for it`;
    return refusal("NODE_NOT_ALLOWED", fact, { advice: "use another tool" });
  }
  return null;
}
