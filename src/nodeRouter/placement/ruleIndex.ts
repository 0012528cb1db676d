// Finds the first rule that speaks for an agent's tool without reading every rule.
import { normalizeAgentId, normalizeToolName } from "../../shared/hostNames.ts";
import { onceFor } from "../../shared/once.ts";
import type { Rule } from "./model/rule.ts";
import { agentPattern, isGlob, matchesGlob } from "./selector/agentGlob.ts";

/** A rule with its place in the list, and its tools as a set. */
interface Entry {
  readonly order: number;
  readonly rule: Rule;
  /** Null = every tool. */
  readonly tools: ReadonlySet<string> | null;
}

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

/** The rule and those that are asked after it by `onUnavailable.next`, in order. One that is not there ends it. */
export function chainOf(rules: readonly Rule[], first: Rule): readonly Rule[] {
  if (nextOf(first) === null) return [first];
  const chain: Rule[] = [];
  let rule: Rule | undefined = first;
  // A circle is a config error; whoever comes here with one all the same is asked once.
  while (rule !== undefined && !chain.includes(rule)) {
    chain.push(rule);
    const next = nextOf(rule);
    rule = next === null ? undefined : ruleIndexOf(rules).names.get(next);
  }
  return chain;
}

function nextOf({ onUnavailable }: Rule): string | null {
  return typeof onUnavailable === "object" && "next" in onUnavailable ? onUnavailable.next : null;
}

function allows(entry: Entry, tool: string): boolean {
  return entry.tools === null || entry.tools.has(tool);
}

const ruleIndexOf = onceFor((rules: readonly Rule[]) => {
  /** The rules that name an agent's exact id, in order. */
  const exact = new Map<string, Entry[]>();
  /** In order of their rules. */
  const globs: { readonly pattern: string; readonly entry: Entry }[] = [];
  const names = new Map<string, Rule>();
  for (const [order, rule] of rules.entries()) {
    if (!names.has(rule.name)) names.set(rule.name, rule);
    const tools = rule.tools === null ? null : new Set(rule.tools.map(normalizeToolName));
    const entry: Entry = { order, rule, tools };
    for (const pattern of new Set(rule.agents.map(agentPattern))) {
      if (isGlob(pattern)) {
        globs.push({ pattern, entry });
      } else {
        const named = exact.get(pattern) ?? [];
        if (named.push(entry) === 1) exact.set(pattern, named);
      }
    }
  }
  return { exact, globs, names };
});
