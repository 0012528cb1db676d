// Whom a fault of a node or of a place concerns: agents whose rules it can reach, and no others.
import { PLACE_KEYS } from "../../nodeRouter/placement/selector/builtinTags.ts";
import { matches, type Requirement } from "../../nodeRouter/placement/selector/selector.ts";
import { printTag, reservedPrefix } from "../../nodeRouter/placement/selector/tags.ts";
import { normalizeToolName } from "../../shared/hostNames.ts";
import type { ConcernedAgents } from "../problems/problem.ts";
import type { WrittenConfig, WrittenNode, WrittenRule } from "./written.ts";

export interface Concern {
  /** Of a place that is wrong, of a machine or of whatever finds places: rules that read where nodes are. */
  readonly places: ConcernedAgents;
  /** Of a tag that is wrong: rules that read one of these keys. Null: any that the config can set. */
  tags(keys: readonly string[] | null): ConcernedAgents;
  /** Of what else is wrong with a node: rules that may choose it, by the tags that the config gives it. */
  node(node: Pick<WrittenNode, "tags" | "parsedTags">): ConcernedAgents;
}

/** With whom a fault outside the rules concerns. */
export interface CheckedConfig extends WrittenConfig {
  readonly concern: Concern;
}

/** What is meant: a selector that cannot be read may ask for anything, and its rule is refused besides. */
type Reads = (rule: WrittenRule) => boolean;

/**
 * The agents of a rule, and of those that name it as next. An agent is concerned by the first rule that speaks for it:
 * one that takes all its calls before a concerned rule leaves that nothing.
 */
export function createConcern(rules: readonly WrittenRule[]): Concern {
  const leaders = leadersOf(rules);
  // The same list for the same rules: there may be thousands of faults, and each list is compared once.
  const lists = new Map<string, ConcernedAgents>();
  const agentsOf = (reads: Reads): ConcernedAgents => {
    const concerned = new Set(rules.flatMap((rule, at) => (reads(rule) ? (leaders[at] ?? []) : [])));
    const key = [...concerned].sort((a, b) => a - b).join();
    const list = lists.get(key) ?? patternsOf(rules, concerned);
    lists.set(key, list);
    return list;
  };
  const remembered = new Map<string, ConcernedAgents>();
  const remember = (key: string, reads: Reads): ConcernedAgents => {
    const list = remembered.get(key) ?? agentsOf(reads);
    remembered.set(key, list);
    return list;
  };
  const keysOf = rules.map((rule) => new Set(requirementsOf(rule)?.map(({ key }) => key)));
  const readsKey = (rule: WrittenRule, is: (key: string) => boolean): boolean =>
    requirementsOf(rule) === null || [...(keysOf[rule.index] ?? [])].some(is);
  return {
    places: agentsOf(
      (rule) =>
        rule.entry.near !== undefined ||
        rule.entry.residency !== undefined ||
        readsKey(rule, (key) => PLACE_KEYS.includes(key)),
    ),
    tags(keys) {
      if (keys === null)
        return remember("*", (rule) => readsKey(rule, (key) => reservedPrefix(key) === null));
      const wanted = new Set(keys);
      return remember(`=${[...wanted].sort().join()}`, (rule) => readsKey(rule, (key) => wanted.has(key)));
    },
    node({ tags, parsedTags }) {
      // Of tags that are wrong nobody knows what they should be.
      const isSure = parsedTags.every(({ tag }) => tag.ok && tags.get(tag.key) === tag.value);
      const key = isSure ? `+${[...tags].map(([name, value]) => printTag(name, value)).join()}` : "+";
      return remember(key, (rule) => {
        if (!isSure || rule.require === null || !rule.require.parsed.ok) return true;
        const { text, requirements } = rule.require.parsed.selector;
        const plain = requirements.filter((one) => reservedPrefix(one.key) === null);
        return matches({ text, requirements: plain }, tags);
      });
    },
  };
}

/** Keys that a tag which cannot be read may have been meant to set; null: it can be any. */
export function keysMeant(
  text: string,
  keyProblem: (key: string) => string | null,
): readonly string[] | null {
  const [key = ""] = text.split("=");
  if (keyProblem(key) !== null) return null;
  // `region=sg,gpu` was meant for two.
  return text.split(/[^\w./-]+/).filter((word) => word !== "");
}

/** Null: one of them cannot be read. */
function requirementsOf({ require, prefer }: WrittenRule): readonly Requirement[] | null {
  const all: Requirement[] = [];
  for (const { parsed } of require === null ? prefer : [require, ...prefer]) {
    if (!parsed.ok) return null;
    all.push(...parsed.selector.requirements);
  }
  return all;
}

/** By place in the list: the rule itself, and every rule that may come to ask it. */
function leadersOf(rules: readonly WrittenRule[]): readonly (readonly number[])[] {
  const byName = new Map(rules.toReversed().map((rule) => [rule.entry.name, rule.index]));
  const leaders = rules.map(({ index }) => [index]);
  for (const { index } of rules) {
    const way = new Set([index]);
    for (let at = nextOf(rules[index], byName); at !== undefined && !way.has(at); ) {
      way.add(at);
      leaders[at]?.push(index);
      at = nextOf(rules[at], byName);
    }
  }
  return leaders;
}

function nextOf(rule: WrittenRule | undefined, byName: ReadonlyMap<string, number>): number | undefined {
  const written = rule?.entry.onUnavailable;
  return typeof written === "object" && "next" in written ? byName.get(written.next) : undefined;
}

/** In the order of the rules, for the first that speaks for an agent decides. */
function patternsOf(rules: readonly WrittenRule[], concerned: ReadonlySet<number>): ConcernedAgents {
  const last = Math.max(-1, ...concerned);
  return rules.slice(0, last + 1).flatMap(({ index, entry }) => {
    const isConcerned = concerned.has(index);
    const tools = entry.tools?.map(normalizeToolName) ?? null;
    return entry.agents.map((agent) =>
      isConcerned && tools === null ? agent : { agent, tools, isConcerned },
    );
  });
}
