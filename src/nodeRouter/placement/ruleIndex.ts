// Finds the first rule that speaks for an agent's tool without reading every rule.
import { isGlob, matchesGlob } from "./agentGlob.ts";
import type { Rule } from "./rule.ts";

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

/** The first rule whose agents and tools match; null when none does. Rules never change once in use. */
export function firstRule(rules: readonly Rule[], agent: string, tool: string): Rule | null {
  const index = ruleIndexOf(rules);
  const exact = index.exact.get(agent)?.find((entry) => allows(entry, tool));
  for (const { pattern, entry } of index.globs) {
    if (exact !== undefined && exact.order <= entry.order) break;
    if (allows(entry, tool) && matchesGlob(pattern, agent)) return entry.rule;
  }
  return exact?.rule ?? null;
}

function allows(entry: Entry, tool: string): boolean {
  return entry.tools === null || entry.tools.has(tool);
}

function ruleIndexOf(rules: readonly Rule[]): RuleIndex {
  const before = indexes.get(rules);
  if (before !== undefined) return before;
  const exact = new Map<string, Entry[]>();
  const globs: { pattern: string; entry: Entry }[] = [];
  for (const [order, rule] of rules.entries()) {
    const entry: Entry = { order, rule, tools: rule.tools === null ? null : new Set(rule.tools) };
    for (const pattern of rule.agents) {
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
