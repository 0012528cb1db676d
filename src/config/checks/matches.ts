// Rules that no configured node meets.
import { matches } from "../../nodeRouter/placement/selector/selector.ts";
import { reservedPrefix } from "../../nodeRouter/placement/selector/tags.ts";
import { quote } from "../../shared/safeText.ts";
import type { NodeTags } from "../../shared/types.ts";
import { type ConfigProblem, configWarning } from "../problems/problem.ts";
import { createTagUse } from "./tagUse.ts";
import type { WrittenConfig } from "./written.ts";

const NO_TAGS: NodeTags = new Map();

/** A warning for each rule whose `require` no configured node meets. Built-in tags are not known here. */
export function* checkMatches({ nodes, rules }: WrittenConfig): Generator<ConfigProblem> {
  const tagsOfNodes = nodes.map((node) => node.tags);
  const use = createTagUse(tagsOfNodes);
  // What a tag that cannot be read would have met, nobody knows: it is told by itself.
  if (nodes.some(({ parsedTags }) => parsedTags.some(({ tag }) => !tag.ok))) return;
  for (const { entry, require } of rules) {
    if (require === null || !require.parsed.ok) continue;
    const { selector } = require.parsed;
    if (selector.requirements.some(({ key }) => reservedPrefix(key) !== null)) continue;
    const unmet = use.unmet(selector);
    if (unmet === undefined && tagsOfNodes.some((tags) => matches(selector, tags))) continue;
    // Without configured nodes a negative selector still finds paired ones, which have no tags.
    if (nodes.length === 0 && matches(selector, NO_TAGS)) continue;
    yield configWarning({
      code: "RULE_MATCHES_NO_NODE",
      path: require.path,
      message: `rule ${quote(entry.name)} matches ${noneOf(nodes.length)}`,
      suggestion: unmet === undefined ? null : use.suggestion(unmet),
      agents: entry.agents,
    });
  }
}

function noneOf(count: number): string {
  if (count === 0) return "no node: none is configured";
  return count === 1 ? "not the one configured node" : `none of the ${count} configured nodes`;
}
