// The values that a decision is made from, put together. Pure.
import type { ResolvedConfig } from "../../config/resolve.ts";
import { agentPolicy } from "./agentPolicy.ts";
import type { World } from "./callDecision.ts";

/** A world in which every agent is as this config and the host's say. */
export function worldOf(config: ResolvedConfig, hostConfig: unknown, known: Omit<World, "agent">): World {
  return { ...known, agent: (id) => agentPolicy(config, hostConfig, id) };
}
