// Problems of meaning in one rule and between rules; selectors have selectors.ts.
import { agentPattern, losesItsStart } from "../../nodeRouter/placement/selector/agentGlob.ts";
import { ROUTABLE_TOOLS } from "../../nodeRouter/toolCatalog/catalog.ts";
import { normalizeToolName } from "../../shared/hostNames.ts";
import { quote } from "../../shared/safeText.ts";
import { didYouMean } from "../../shared/suggest.ts";
import { type ConfigProblem, configError, configWarning } from "../problems/problem.ts";
import { createTakenBefore } from "./takenBefore.ts";
import type { WrittenConfig, WrittenRule } from "./written.ts";

/** Names used twice, agents that cannot be meant, tools that nobody routes, weights that say nothing, rules that are never reached. */
export function* checkRules({ rules }: WrittenConfig): Generator<ConfigProblem> {
  const firstOfName = new Map<string, WrittenRule>();
  const takenBefore = createTakenBefore();
  for (const rule of rules) {
    const twin = firstOfName.get(rule.entry.name);
    if (twin === undefined) firstOfName.set(rule.entry.name, rule);
    else yield duplicate(rule, twin);
    yield* checkAgents(rule);
    yield* checkTools(rule);
    yield* checkWeights(rule);
    const takers = takenBefore(rule.entry);
    if (takers !== null) yield unreachable(rule, takers);
  }
}

function duplicate({ path, entry }: WrittenRule, twin: WrittenRule): ConfigProblem {
  const message = `the name ${quote(entry.name)} is taken by rules[${twin.index}]`;
  // The first of the two may be the one meant for the other's agents: neither is obeyed.
  const agents = [...new Set([...twin.entry.agents, ...entry.agents])];
  return configError({ code: "RULE_DUPLICATE", path: `${path}.name`, message, agents });
}

function* checkAgents({ path, entry }: WrittenRule): Generator<ConfigProblem> {
  const places = new Map<string, number>();
  for (const [position, agent] of entry.agents.entries()) {
    const at = `${path}.agents[${position}]`;
    if (losesItsStart(agent)) {
      const message = `${quote(agent)} begins with what no agent's id begins with, and there is no way to write "all but"`;
      const suggestion = 'write the id as openclaw.json has it, or a glob such as "worker-*".';
      // Whoever wrote "!x" meant everybody else: it cannot be told whom the rule speaks for.
      yield configError({ code: "AGENT_INVALID", path: at, message, suggestion, agents: "*" });
      continue;
    }
    const pattern = agentPattern(agent);
    const before = places.get(pattern) ?? position;
    places.set(pattern, before);
    if (before === position) continue;
    const message = `${quote(agent)} means the same as agents[${before}]`;
    yield configWarning({ code: "AGENT_DUPLICATE", path: at, message, agents: [agent] });
  }
}

/** Only what a rule can send to a node: `files` speaks of the file tools, and `process` follows its `exec`. */
function* checkTools({ path, entry: { agents, tools } }: WrittenRule): Generator<ConfigProblem> {
  for (const [position, tool] of (tools ?? []).entries()) {
    if (ROUTABLE_TOOLS.includes(normalizeToolName(tool))) continue;
    const message = `${quote(tool)} is not a tool that can be routed`;
    const suggestion = didYouMean(tool, ROUTABLE_TOOLS);
    // Not a warning: a rule that means exec and says "exce" would leave exec to OpenClaw.
    const at = `${path}.tools[${position}]`;
    yield configError({ code: "TOOL_UNKNOWN", path: at, message, suggestion, agents });
  }
}

function* checkWeights({ path, entry: { agents, prefer } }: WrittenRule): Generator<ConfigProblem> {
  for (const [position, { weight }] of (prefer ?? []).entries()) {
    if (weight !== 0) continue;
    const message = "weight 0 prefers nothing";
    yield configWarning({ code: "WEIGHT_ZERO", path: `${path}.prefer[${position}].weight`, message, agents });
  }
}

function unreachable(
  { path, entry: { name, agents } }: WrittenRule,
  takers: readonly string[],
): ConfigProblem {
  const message = `rule ${quote(name)} never decides: ${takers.map(quote).join(" and ")} before it matches all of its calls`;
  return configWarning({ code: "RULE_UNREACHABLE", path, message, agents });
}
