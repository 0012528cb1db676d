// Compares the agents that rules name with the agents that there are.
import { isGlob, matchesAgent } from "../nodeRouter/placement/selector/agentGlob.ts";
import { quote } from "../shared/safeText.ts";
import { nearest } from "../shared/suggest.ts";
import { formatPath } from "./problems/path.ts";
import { type ConfigProblem, configWarning, isWithin } from "./problems/problem.ts";
import type { ConfiguredRule } from "./resolve.ts";

/**
 * A warning for each agent id or glob of a rule that means none of `knownAgentIds`, which are the host's: its agents'
 * commands then run where nobody has chosen.
 */
export function checkAgentNames(
  config: { readonly rules: readonly ConfiguredRule[] },
  knownAgentIds: readonly string[],
): ConfigProblem[] {
  return config.rules.flatMap((rule) =>
    rule.agents.flatMap((pattern, position) => {
      if (knownAgentIds.some((id) => matchesAgent(pattern, id))) return [];
      const near = isGlob(pattern) ? nearestGlob(pattern, knownAgentIds) : nearest(pattern, knownAgentIds);
      return configWarning({
        code: "AGENT_UNKNOWN",
        path: `${formatPath(["rules", rule.index])}.agents[${position}]`,
        message: isGlob(pattern)
          ? `rule ${quote(rule.name)}: no agent's id matches ${quote(pattern)}`
          : `rule ${quote(rule.name)}: no agent has the id ${quote(pattern)}`,
        suggestion: near === null ? null : `did you mean ${quote(near)}?`,
        agents: [pattern],
      });
    }),
  );
}

/** Those of `checkAgentNames` that are a slip as far as anyone can tell: not a glob that waits for agents to come. */
export function strayAgentNames(
  config: { readonly rules: readonly ConfiguredRule[] },
  knownAgentIds: readonly string[],
): ConfigProblem[] {
  return checkAgentNames(config, knownAgentIds).filter(
    (problem) => !isForLater(problem, config, knownAgentIds),
  );
}

/** A glob may wait for agents to come, as long as it looks like no slip and its rule has agents already. */
export function isForLater(
  problem: ConfigProblem,
  config: { readonly rules: readonly ConfiguredRule[] },
  agents: readonly string[],
): boolean {
  const rule = config.rules.find(({ index }) => isWithin(problem, formatPath(["rules", index])));
  return (
    problem.suggestion === null &&
    problem.agents !== "*" &&
    problem.agents.every(isGlob) &&
    agents.some((agent) => rule?.agents.some((pattern) => matchesAgent(pattern, agent)))
  );
}

/** One sentence of one of them, for the log and for `openclaw health`. */
export function strayAgentText({ path, message, suggestion }: ConfigProblem): string {
  return `AGENT_UNKNOWN: ${path}: ${message}; ${suggestion === null ? "" : `${suggestion} `}Whoever is meant runs without that rule: mend the name, or take it out.`;
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
