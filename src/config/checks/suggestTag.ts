// Finds the configured tag that a selector without matches probably meant.
import {
  matches,
  printSelector,
  type Requirement,
  type Selector,
} from "../../nodeRouter/placement/selector/selector.ts";
import { printTag } from "../../nodeRouter/placement/selector/tags.ts";
import { quote } from "../../shared/safeText.ts";
import { didYouMean, nearest } from "../../shared/suggest.ts";
import type { NodeTags } from "../../shared/types.ts";

/** `did you mean "region=sg"?` for a selector that no node meets; null when nothing comes near. */
export type TagSuggester = (selector: Selector) => string | null;

/** Reads the nodes' tags once; the suggester may then be asked for many rules. */
export function createTagSuggester(tagsOfNodes: readonly NodeTags[]): TagSuggester {
  const valuesOfKeys = new Map<string, Set<string>>();
  const printed = new Set<string>();
  for (const [key, value] of tagsOfNodes.flatMap((tags) => [...tags])) {
    printed.add(printTag(key, value));
    const values = valuesOfKeys.get(key) ?? new Set<string>();
    valuesOfKeys.set(key, values.add(value));
  }
  return ({ requirements }) => {
    // Requirements that some node meets, only not together, are not misspelt.
    const unmet = requirements.find((requirement) => !tagsOfNodes.some((tags) => meets(requirement, tags)));
    if (unmet === undefined) return null;
    for (const wanted of unmet.values) {
      const value = nearest(wanted, valuesOfKeys.get(unmet.key) ?? []);
      if (value !== null) return `did you mean ${quote(printTag(unmet.key, value))}?`;
    }
    const text = printSelector({ text: "", requirements: [unmet] });
    return didYouMean(text, printed) ?? didYouMean(unmet.key, valuesOfKeys.keys());
  };
}

function meets(requirement: Requirement, tags: NodeTags): boolean {
  return matches({ text: "", requirements: [requirement] }, tags);
}
