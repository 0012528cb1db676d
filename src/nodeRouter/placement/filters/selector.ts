// Filter: the rule's `require` must match the node's tags.
import type { Reason } from "../model/decision.ts";
import { matches } from "../selector/selector.ts";
import type { Filter } from "./filter.ts";

export const selectorFilter: Filter = ({ rule: { require } }) =>
  require === null ? [] : [{ reason: mismatch(require.text), keeps: ({ tags }) => matches(require, tags) }];

function mismatch(text: string): Reason {
  const phrase = `didn't match "${text}"`;
  return { filter: "selector", one: phrase, many: phrase };
}
