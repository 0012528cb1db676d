// Filter: the rule's `require` must match the node's tags.
import type { Reason } from "../model/decision.ts";
import type { Filter } from "./filter.ts";

export const selectorFilter: Filter = ({ index, rule }) =>
  rule.require === null ? [] : [{ reason: mismatch(rule.require.text), keeps: index.matching(rule.require) }];

function mismatch(text: string): Reason {
  const phrase = `didn't match "${text}"`;
  return { filter: "selector", one: phrase, many: phrase };
}
