// On which node each agent's exec would run now. Pure.
import { configRefusal } from "../../config/message.ts";
import { problemsForAgent } from "../../config/problem.ts";
import type { ResolvedConfig } from "../../config/resolve.ts";
import { explainCall } from "../explainCall.ts";
import { agentIds, bindingOf } from "../hostConfig.ts";
import type { LastNodes } from "../lastNodes.ts";
import type { NodeSnapshot } from "../placement/snapshot.ts";

/**
 * Agent ids by node name, sorted; a node without agents is not in it.
 * @param lastNodes where the agents' calls ran until now.
 */
export function agentsByNode(
  config: ResolvedConfig,
  hostConfig: unknown,
  snapshot: NodeSnapshot,
  lastNodes: Pick<LastNodes, "of">,
): ReadonlyMap<string, readonly string[]> {
  const byNode = new Map<string, string[]>();
  for (const agent of [...agentIds(hostConfig)].sort()) {
    const node = nodeOf(config, hostConfig, agent, snapshot, lastNodes);
    if (node !== null) byNode.set(node, [...(byNode.get(node) ?? []), agent]);
  }
  return byNode;
}

function nodeOf(
  config: ResolvedConfig,
  hostConfig: unknown,
  agent: string,
  snapshot: NodeSnapshot,
  lastNodes: Pick<LastNodes, "of">,
): string | null {
  if (configRefusal(problemsForAgent(config.problems, agent)) !== null) return null;
  const decision = explainCall(config, agent, "exec", bindingOf(hostConfig, agent), snapshot, lastNodes);
  return decision.outcome === "placed" ? (decision.node?.name ?? null) : null;
}
