// On which node each agent's exec would run now. Pure.
import type { ResolvedConfig } from "../../../config/resolve.ts";
import { agentIds, bindingOf } from "../../host/hostConfig.ts";
import type { NodeSnapshot } from "../../placement/model/snapshot.ts";
import { type HostSide, outlook } from "../../policy/outlook.ts";
import type { LastNodes } from "../../state/lastNodes.ts";

/**
 * Agent ids by node name, sorted; a node without agents is not in it.
 * @param lastNodes where the agents' calls ran until now.
 */
export function agentsByNode(
  config: ResolvedConfig,
  host: HostSide,
  snapshot: NodeSnapshot,
  lastNodes: Pick<LastNodes, "of">,
): ReadonlyMap<string, readonly string[]> {
  const byNode = new Map<string, string[]>();
  for (const agent of [...agentIds(host.hostConfig)].sort()) {
    const node = nodeOf(config, host, agent, snapshot, lastNodes);
    if (node !== null) byNode.set(node, [...(byNode.get(node) ?? []), agent]);
  }
  return byNode;
}

function nodeOf(
  config: ResolvedConfig,
  host: HostSide,
  agent: string,
  snapshot: NodeSnapshot,
  lastNodes: Pick<LastNodes, "of">,
): string | null {
  const asked = { agent, tool: "exec", binding: bindingOf(host.hostConfig, agent) };
  const { outcome, decision } = outlook(config, asked, snapshot, host, lastNodes);
  return outcome === "placed" ? (decision?.node?.name ?? null) : null;
}
