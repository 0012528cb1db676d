// What is known at this moment, as the values that a decision is made from.
import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import type { ResolvedConfig } from "../../config/resolve.ts";
import { NODE_READER } from "../../presence/sources/gateway/nodeReader.ts";
import type { Memory } from "../../shared/processMemory.ts";
import { SANDBOX_PROBLEM } from "../host/sandboxApi.ts";
import { presenceRecords } from "../inventory/currentSnapshot.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import { type AgentPolicy, agentPolicy } from "../policy/agentPolicy.ts";
import type { World } from "../policy/callDecision.ts";
import { worldOf } from "../policy/world.ts";
import { withPressure } from "./pressure.ts";
import { testedBy } from "./testedConfig.ts";

export interface WorldDeps {
  readonly memory: Memory;
  /** The gateway's whole config as it is now. */
  readonly hostConfig: () => unknown;
}

/**
 * What is known of an agent now. A host's config that cannot be read says nothing: it must not stop agents that no
 * rule names. Never throws.
 */
export function policyNow(deps: WorldDeps, config: ResolvedConfig, agent: string): AgentPolicy {
  const host = readOr(deps.hostConfig);
  return agentPolicy(testedBy(config, host), host, agent);
}

/** The same by the config in force; null before there is one. */
export function currentPolicy(deps: WorldDeps, agent: string): AgentPolicy | null {
  const config = deps.memory.part(PLUGIN_CONFIG).current;
  return config === null ? null : policyNow(deps, config, agent);
}

/** Everything else that is known now; asks nobody. */
export function worldNow(deps: WorldDeps, config: ResolvedConfig, snapshot: NodeSnapshot): World {
  const host = readOr(deps.hostConfig);
  return worldOf(testedBy(config, host), host, {
    snapshot: withPressure(deps.memory, config, snapshot),
    hostNodes: deps.memory.part(NODE_READER).last()?.nodes ?? [],
    presence: presenceRecords(deps),
    apiProblem: deps.memory.part(SANDBOX_PROBLEM).current,
  });
}

function readOr(hostConfig: () => unknown): unknown {
  try {
    return hostConfig();
  } catch {
    return null;
  }
}
