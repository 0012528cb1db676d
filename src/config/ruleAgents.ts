// Compares the agents that rules name with the agents that there are.
import { agentPattern, isGlob, matchesGlob } from "../nodeRouter/placement/selector/agentGlob.ts";
import { normalizeAgentId } from "../shared/hostNames.ts";
import { type Refusal, refusal } from "../shared/refusal.ts";
import { quote } from "../shared/safeText.ts";
import { nearest } from "../shared/suggest.ts";
import { formatPath } from "./problems/path.ts";
import { type ConfigProblem, configWarning } from "./problems/problem.ts";
import type { ConfiguredRule } from "./resolveRules.ts";

/** An agent id or glob of a rule that means no agent there is. */
export interface AgentNameProblem extends ConfigProblem {
  /** A glob may wait for agents to come, as long as it looks like no slip and its rule has agents already. */
  readonly isForLater: boolean;
}

/**
 * A warning for each agent id or glob of a rule that means none of `knownAgentIds`, which are the host's: its agents'
 * commands then run where nobody has chosen.
 */
export function checkAgentNames(
  config: { readonly rules: readonly ConfiguredRule[] },
  knownAgentIds: readonly string[],
): AgentNameProblem[] {
  const ids = new Set(knownAgentIds.map(normalizeAgentId));
  const isKnown = (pattern: string): boolean => {
    const canonical = agentPattern(pattern);
    return isGlob(canonical) ? [...ids].some((id) => matchesGlob(canonical, id)) : ids.has(canonical);
  };
  return config.rules.flatMap(({ name, index, agents }) => {
    const known = agents.map(isKnown);
    return agents.flatMap((pattern, position) => {
      if (known[position] === true) return [];
      const glob = isGlob(pattern);
      const near = glob ? nearestGlob(pattern, knownAgentIds) : nearest(pattern, knownAgentIds);
      const problem = configWarning({
        code: "AGENT_UNKNOWN",
        path: `${formatPath(["rules", index])}.agents[${position}]`,
        message: glob
          ? `rule ${quote(name)}: no agent's id matches ${quote(pattern)}`
          : `rule ${quote(name)}: no agent has the id ${quote(pattern)}`,
        suggestion: near === null ? null : `did you mean ${quote(near)}?`,
        agents: [pattern],
      });
      return { ...problem, isForLater: glob && near === null && known.includes(true) };
    });
  });
}

/** Those of `checkAgentNames` that are a slip as far as anyone can tell: not a glob that waits for agents to come. */
export function strayAgentNames(
  config: { readonly rules: readonly ConfiguredRule[] },
  knownAgentIds: readonly string[],
): ConfigProblem[] {
  return checkAgentNames(config, knownAgentIds).filter(({ isForLater }) => !isForLater);
}

/** One of them, for the log and for `openclaw health`. */
export function strayAgent({ path, message, suggestion }: ConfigProblem): Refusal {
  const rest = "is meant runs without that rule: mend the name, or take it out";
  const advice = suggestion === null ? `whoever ${rest}` : `${suggestion} Whoever ${rest}`;
  return refusal("AGENT_UNKNOWN", `${path}: ${message}`, { advice });
}

/** Of a glob that only leaves the end open, the same with a beginning that an agent has. */
function nearestGlob(pattern: string, knownAgentIds: readonly string[]): string | null {
  const start = pattern.slice(0, -1);
  if (!pattern.endsWith("*") || isGlob(start)) return null;
  const near = nearest(
    start,
    knownAgentIds.map((id) => id.slice(0, start.length)),
  );
  return near === null ? null : `${near}*`;
}
