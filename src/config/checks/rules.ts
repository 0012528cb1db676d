// Problems of meaning in one rule and between rules; selectors have checkSelectors.ts.

import {
  agentPattern,
  isGlob,
  losesItsStart,
  matchesGlob,
} from "../../nodeRouter/placement/selector/agentGlob.ts";
import { normalizeToolName } from "../../shared/hostNames.ts";
import { quote } from "../../shared/safeText.ts";
import { didYouMean } from "../../shared/suggest.ts";
import { type ConfigDraft, unionOf } from "../drafts/draft.ts";
import type { RuleDraft } from "../drafts/ruleDraft.ts";
import { type ConfigProblem, configError, configWarning } from "../problems/problem.ts";
import { RULE_TOOLS } from "../schema/tools.ts";

/** Names used twice, agents that cannot be meant, tools that nobody routes, weights that say nothing, rules that are never reached. */
export function* checkRules({ rules }: ConfigDraft): Generator<ConfigProblem> {
  for (const rule of rules) {
    yield* checkName(rule, rules);
    yield* checkAgents(rule);
    yield* checkTools(rule);
    yield* checkWeights(rule);
    yield* checkReached(rule, rules);
  }
}

function* checkName(rule: RuleDraft, rules: readonly RuleDraft[]): Generator<ConfigProblem> {
  if (rule.name === null) return;
  const twin = rules.find((other) => other.name === rule.name);
  if (twin === undefined || twin.index >= rule.index) return;
  const message = `the name ${quote(rule.name)} is taken by rules[${twin.index}]`;
  // The first of the two may be the one meant for the other's agents: neither is obeyed.
  const agents = unionOf([twin.agents, rule.agents]);
  yield configError({ code: "RULE_DUPLICATE", path: `${rule.path}.name`, message, agents });
}

function* checkAgents({ path, agents }: RuleDraft): Generator<ConfigProblem> {
  if (agents === "*") return;
  const places = new Map<string, number>();
  for (const [position, agent] of agents.entries()) {
    const at = `${path}.agents[${position}]`;
    if (losesItsStart(agent)) {
      const message = `${quote(agent)} begins with what no agent's id begins with, and there is no way to write "all but"`;
      const suggestion = 'write the id as openclaw.json has it, or a glob such as "worker-*".';
      // Whoever wrote "!x" meant everybody else: it cannot be told whom the rule speaks for.
      yield configError({ code: "AGENT_INVALID", path: at, message, suggestion, agents: "*" });
      continue;
    }
    const pattern = agentPattern(agent);
    const before = places.get(pattern);
    if (before === undefined) {
      places.set(pattern, position);
      continue;
    }
    const message = `${quote(agent)} means the same as agents[${before}]`;
    yield configWarning({ code: "AGENT_DUPLICATE", path: at, message, agents: [agent] });
  }
}

function* checkTools({ path, agents, tools }: RuleDraft): Generator<ConfigProblem> {
  for (const [position, tool] of (tools ?? []).entries()) {
    if (RULE_TOOLS.includes(normalizeToolName(tool))) continue;
    const message = `${quote(tool)} is not a tool that can be routed`;
    const suggestion = didYouMean(tool, RULE_TOOLS);
    // Not a warning: a rule that means exec and says "exce" would leave exec to OpenClaw.
    yield configError({
      code: "TOOL_UNKNOWN",
      path: `${path}.tools[${position}]`,
      message,
      suggestion,
      agents,
    });
  }
}

function* checkWeights({ agents, prefer }: RuleDraft): Generator<ConfigProblem> {
  for (const { path, weight } of prefer) {
    if (weight !== 0) continue;
    const message = "weight 0 prefers nothing";
    yield configWarning({ code: "WEIGHT_ZERO", path: `${path}.weight`, message, agents });
  }
}

function* checkReached(rule: RuleDraft, rules: readonly RuleDraft[]): Generator<ConfigProblem> {
  const { path, name, agents } = rule;
  // Not of a rule that cannot be read whole: what it says once mended is not known.
  if (!rule.wellFormed || agents === "*") return;
  const earlier = rules.slice(0, rule.index).filter((other) => other.wellFormed && coversTools(other, rule));
  const names = new Set<string>();
  for (const agent of agents) {
    const covering = earlier.find((other) => coversAgent(other, agent));
    // Returning at the first agent that is left keeps the check of a long list quick.
    if (covering === undefined) return;
    names.add(quote(covering.name ?? ""));
  }
  const message = `rule ${quote(name ?? "")} never decides: ${[...names].join(" and ")} before it matches all of its calls`;
  yield configWarning({ code: "RULE_UNREACHABLE", path, message, agents });
}

function coversTools(earlier: RuleDraft, rule: RuleDraft): boolean {
  if (earlier.tools === null) return true;
  const tools = earlier.tools.map(normalizeToolName);
  return rule.tools?.every((tool) => tools.includes(normalizeToolName(tool))) ?? false;
}

function coversAgent({ agents }: RuleDraft, written: string): boolean {
  if (agents === "*") return false;
  const agent = agentPattern(written);
  return agents.map(agentPattern).some((pattern) => pattern === agent || coversPattern(pattern, agent));
}

/** Sound but not complete for two globs: `?` could stand for one character where the other's `*` stands for many. */
function coversPattern(pattern: string, agent: string): boolean {
  if (isGlob(agent) && pattern.includes("?")) return false;
  return matchesGlob(pattern, agent);
}
