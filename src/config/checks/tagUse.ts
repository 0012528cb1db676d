// Which tags the configured nodes have: what a selector can ask for, and what it probably meant.
import {
  printSelector,
  type Requirement,
  type Selector,
} from "../../nodeRouter/placement/selector/selector.ts";
import { printTag } from "../../nodeRouter/placement/selector/tags.ts";
import { quote } from "../../shared/safeText.ts";
import { didYouMean, nearest } from "../../shared/suggest.ts";
import type { NodeTags } from "../../shared/types.ts";

/** A list may have hundreds of values; who meant another one sees it by the first few. */
const MAX_COMPARED_VALUES = 10;

export interface TagUse {
  /** The first requirement that no node meets by itself; undefined when only together they are too much. */
  unmet(selector: Selector): Requirement | undefined;
  /** `did you mean "region=sg"?` for such a requirement; null when nothing comes near. */
  suggestion(unmet: Requirement): string | null;
}

/** What the nodes have of one key. */
interface KeyUse {
  /** How many nodes have it. */
  nodes: number;
  readonly values: Set<string>;
}

/** Counts the nodes' tags once; may then be asked for many rules. */
export function createTagUse(tagsOfNodes: readonly NodeTags[]): TagUse {
  const uses = new Map<string, KeyUse>();
  for (const tags of tagsOfNodes) {
    for (const [key, value] of tags) {
      const use = uses.get(key) ?? { nodes: 0, values: new Set() };
      use.nodes++;
      use.values.add(value);
      uses.set(key, use);
    }
  }
  return {
    unmet: ({ requirements }) =>
      requirements.find((requirement) => !isMet(requirement, uses.get(requirement.key), tagsOfNodes.length)),
    suggestion(unmet) {
      for (const wanted of unmet.values.slice(0, MAX_COMPARED_VALUES)) {
        const value = nearest(wanted, uses.get(unmet.key)?.values ?? []);
        if (value !== null) return `did you mean ${quote(printTag(unmet.key, value))}?`;
      }
      const text = printSelector({ text: "", requirements: [unmet] });
      return didYouMean(text, printedTags(uses)) ?? didYouMean(unmet.key, uses.keys());
    },
  };
}

/** Whether one of `nodes` nodes meets the requirement, when `use` is what they have of its key. */
function isMet({ operator, values }: Requirement, use: KeyUse | undefined, nodes: number): boolean {
  const having = use?.nodes ?? 0;
  const asked = values.filter((value) => use?.values.has(value));
  switch (operator) {
    case "=":
    case "in":
      return asked.length > 0;
    case "exists":
      return having > 0;
    case "!=":
    case "notin":
      return having < nodes || asked.length < (use?.values.size ?? 0);
    case "notexists":
      return having < nodes;
  }
}

function* printedTags(uses: ReadonlyMap<string, KeyUse>): Generator<string> {
  for (const [key, { values }] of uses) for (const value of values) yield printTag(key, value);
}
