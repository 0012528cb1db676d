// The names that a filter may have: of what is there now. One that nobody has is a mistake only where nothing was found by it.
import { PLUGIN_CONFIG } from "../../../config/currentConfig.ts";
import { normalizeAgentId } from "../../../shared/hostNames.ts";
import { listedAgentIds } from "../../host/hostConfig.ts";
import { lastSnapshot } from "../../inventory/currentSnapshot.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { unknownName } from "./params.ts";

/** What was asked for; null or absent: anything. */
export interface AskedNames {
  readonly agent?: string | null | undefined;
  readonly node?: string | null | undefined;
  readonly peer?: string | null | undefined;
  readonly rule?: string | null | undefined;
}

/**
 * For a list that came out empty: an empty list must not be the answer to a slip of the pen.
 * @throws UsageError with the nearest name
 */
export function requireKnown(
  { memory, hostConfig }: Pick<RouterDeps, "memory"> & Partial<Pick<RouterDeps, "hostConfig">>,
  { agent, node, peer, rule }: AskedNames,
): void {
  const config = memory.part(PLUGIN_CONFIG).current;
  const agents = hostConfig === undefined ? null : listedAgentIds(hostConfig());
  if (agent != null && agents !== null && !agents.includes(normalizeAgentId(agent)))
    throw unknownName("agent", agent, agents, "configured");
  if (config === null) return;
  const nodes = [...config.nodes.keys(), ...lastSnapshot({ memory }, config).nodes.map(({ name }) => name)];
  if (node != null && !nodes.includes(node)) throw unknownName("node", node, nodes);
  const peers = [...config.peers.keys()];
  if (peer != null && !peers.includes(peer)) throw unknownName("peer", peer, peers, "configured");
  // A rule with an error has a name all the same, and nobody keeps it.
  if (config.problems.some(({ severity }) => severity === "error")) return;
  const rules = [...config.rules, ...config.delegation.rules].map(({ name }) => name);
  if (rule != null && !rules.includes(rule)) throw unknownName("rule", rule, rules, "configured");
}
