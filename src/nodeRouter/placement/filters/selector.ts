// Filter: the rule's `require` must match the node's tags.
import { onceFor } from "../../../shared/once.ts";
import { quote } from "../../../shared/safeText.ts";
import type { NodeTags } from "../../../shared/types.ts";
import type { Reason } from "../model/decision.ts";
import { matches, type Selector } from "../selector/selector.ts";
import { reservedPrefix } from "../selector/tags.ts";
import type { Filter, WayCheck } from "./filter.ts";

/** One check; none without `require`. */
export const selectorFilter: Filter = ({ rule: { require } }) => (require === null ? [] : checksOf(require));

const checksOf = onceFor((require: Selector): readonly WayCheck[] => [
  {
    reason: mismatch(require.text),
    keeps: ({ tags }) => matches(require, tags),
    passing: ({ tags }) => unknownTag(require, tags),
  },
]);

function mismatch(text: string): Reason {
  const phrase = `didn't match "${text}"`;
  return { filter: "selector", one: phrase, many: phrase, about: "rule" };
}

/**
 * A tag that the plugin finds by itself is missing while nobody knows its fact, and a missing one is no proof that the
 * rule means another node. Everything else that the rule asks for must hold.
 */
function unknownTag({ requirements }: Selector, tags: NodeTags): string | null {
  const unmet = requirements.filter(
    (requirement) => !matches({ text: "", requirements: [requirement] }, tags),
  );
  const [first] = unmet;
  const isUnknown = ({ key }: { readonly key: string }) => reservedPrefix(key) !== null && !tags.has(key);
  if (first === undefined || !unmet.every(isUnknown)) return null;
  return `has no tag ${quote(first.key)} now, because nobody knows that fact of it`;
}
