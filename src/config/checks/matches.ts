// Rules that no configured node meets.
import { matches } from "../../nodeRouter/placement/selector/selector.ts";
import { parseTag, reservedPrefix } from "../../nodeRouter/placement/selector/tags.ts";
import { quote } from "../../shared/safeText.ts";
import type { NodeTags } from "../../shared/types.ts";
import type { ConfigDraft } from "../drafts/draft.ts";
import type { NodeDraft } from "../drafts/nodeDraft.ts";
import { type ConfigProblem, configWarning } from "../problems/problem.ts";
import { createTagSuggester } from "./suggestTag.ts";

const NO_TAGS: NodeTags = new Map();

/** A warning for each rule whose `require` no configured node meets. Built-in tags are not known here. */
export function* checkMatches({ nodes, rules }: ConfigDraft): Generator<ConfigProblem> {
  const tagsOfNodes = nodes.map(readTags);
  const suggestTag = createTagSuggester(tagsOfNodes);
  for (const { name, agents, require } of rules) {
    if (require === null || !require.parsed.ok) continue;
    const { selector } = require.parsed;
    if (selector.requirements.some(({ key }) => reservedPrefix(key) !== null)) continue;
    if (tagsOfNodes.some((tags) => matches(selector, tags))) continue;
    // Without configured nodes a negative selector still finds paired ones, which have no tags.
    if (nodes.length === 0 && matches(selector, NO_TAGS)) continue;
    yield configWarning({
      code: "RULE_MATCHES_NO_NODE",
      path: require.path,
      message: `rule ${quote(name ?? "")} matches ${noneOf(nodes.length)}`,
      suggestion: suggestTag(selector),
      agents,
    });
  }
}

/** A node's tags as far as they can be read; the first of two that contradict each other. */
export function readTags({ tags }: NodeDraft): NodeTags {
  const read = new Map<string, string>();
  for (const { text } of tags) {
    const tag = parseTag(text);
    if (tag.ok && reservedPrefix(tag.key) === null && !read.has(tag.key)) read.set(tag.key, tag.value);
  }
  return read;
}

function noneOf(count: number): string {
  if (count === 0) return "no node: none is configured";
  return count === 1 ? "not the one configured node" : `none of the ${count} configured nodes`;
}
