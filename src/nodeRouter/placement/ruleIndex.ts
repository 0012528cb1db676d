// Finds the first rule that speaks for an agent's tool without reading every rule.
import { normalizeAgentId, normalizeToolName } from "../../shared/hostNames.ts";
import type { Rule } from "./model/rule.ts";
import { agentPattern, isGlob, matchesGlob } from "./selector/agentGlob.ts";

/** A rule with its place in the list, and its tools as a set. */
interface Entry {
  readonly order: number;
  readonly rule: Rule;
  /** Null = every tool. */
  readonly tools: ReadonlySet<string> | null;
}

interface RuleIndex {
  /** Exact agent id -> the rules that name it, in order. */
  readonly exact: ReadonlyMap<string, readonly Entry[]>;
  /** Globs in order of their rules. */
  readonly globs: readonly { readonly pattern: string; readonly entry: Entry }[];
}

const indexes = new WeakMap<readonly Rule[], RuleIndex>();

/**
 * The first rule whose agents and tools match; null when none does. Rules never change once in use.
 * Agents and tools are what OpenClaw calls them, however they are written here or in the rules.
 */
export function firstRule(rules: readonly Rule[], agent: string, tool: string): Rule | null {
  const index = ruleIndexOf(rules);
  const id = normalizeAgentId(agent);
  const toolName = normalizeToolName(tool);
  const exact = index.exact.get(id)?.find((entry) => allows(entry, toolName));
  for (const { pattern, entry } of index.globs) {
    if (exact !== undefined && exact.order <= entry.order) break;
    if (allows(entry, toolName) && matchesGlob(pattern, id)) return entry.rule;
  }
  return exact?.rule ?? null;
}

function allows(entry: Entry, tool: string): boolean {
  return entry.tools === null || entry.tools.has(tool);
}

function toolsOf({ tools }: Rule): ReadonlySet<string> | null {
  return tools === null ? null : new Set(tools.map(normalizeToolName));
}

function ruleIndexOf(rules: readonly Rule[]): RuleIndex {
  const before = indexes.get(rules);
  if (before !== undefined) return before;
  const exact = new Map<string, Entry[]>();
  const globs: { pattern: string; entry: Entry }[] = [];
  for (const [order, rule] of rules.entries()) {
    const entry: Entry = { order, rule, tools: toolsOf(rule) };
    for (const pattern of new Set(rule.agents.map(agentPattern))) {
      if (isGlob(pattern)) {
        globs.push({ pattern, entry });
      } else {
        const named = exact.get(pattern) ?? [];
        if (named.push(entry) === 1) exact.set(pattern, named);
      }
    }
  }
  const index = { exact, globs };
  indexes.set(rules, index);
  return index;
}
