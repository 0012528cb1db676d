// On which node each agent's exec would run now. Pure.
import type { LastNodesView, World } from "../../policy/callDecision.ts";
import { lookAhead, nodeOf } from "../../policy/explainTool.ts";

/**
 * Agent ids by node name, sorted; a node without agents is not in it.
 * @param agents ids, as OpenClaw writes them.
 * @param memory where the agents' calls ran until now.
 */
export function agentsByNode(
  agents: readonly string[],
  world: World,
  memory: LastNodesView,
): ReadonlyMap<string, readonly string[]> {
  const byNode = new Map<string, string[]>();
  for (const agent of [...agents].sort()) {
    const node = nodeOf(lookAhead(world.agent(agent), "exec", world, memory));
    if (node !== null) byNode.set(node, [...(byNode.get(node) ?? []), agent]);
  }
  return byNode;
}
