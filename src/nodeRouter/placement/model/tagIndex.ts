// Answers "which nodes match this selector" for all nodes at once, from lists of who has which tag.

import type { Requirement, Selector } from "../selector/selector.ts";
import { add, type Bitset, emptySet, fullSet, intersect, remove } from "./bitset.ts";
import type { NodeState } from "./snapshot.ts";

/** For one tag key: value -> positions of the nodes that have it, ascending. */
type Postings = ReadonlyMap<string, readonly number[]>;

export interface TagIndex {
  /** Positions of the nodes that match. The same set is returned for the same selector object: do not change it. */
  matching(selector: Selector): Bitset;
}

/** Costs nothing to make: a key is indexed when a selector first asks for it, most tags are never asked for. */
export function createTagIndex(nodes: readonly NodeState[]): TagIndex {
  const byKey = new Map<string, Postings>();
  const bySelector = new WeakMap<Selector, Bitset>();

  function postingsFor(key: string): Postings {
    const before = byKey.get(key);
    if (before !== undefined) return before;
    const postings = postingsOf(key, nodes);
    byKey.set(key, postings);
    return postings;
  }

  return {
    matching(selector) {
      const before = bySelector.get(selector);
      if (before !== undefined) return before;
      const set = fullSet(nodes.length);
      for (const requirement of selector.requirements) {
        intersect(set, meeting(requirement, postingsFor(requirement.key), nodes.length));
      }
      bySelector.set(selector, set);
      return set;
    },
  };
}

function postingsOf(key: string, nodes: readonly NodeState[]): Postings {
  const postings = new Map<string, number[]>();
  for (const [position, node] of nodes.entries()) {
    const value = node.tags.get(key);
    if (value === undefined) continue;
    const members = postings.get(value) ?? [];
    if (members.push(position) === 1) postings.set(value, members);
  }
  return postings;
}

/** Positions that meet one requirement; a missing key meets the negative operators. */
function meeting({ operator, values }: Requirement, postings: Postings, size: number): Bitset {
  const asksForKey = operator === "exists" || operator === "notexists";
  const lists = asksForKey ? [...postings.values()] : values.map((value) => postings.get(value) ?? []);
  const negative = operator === "!=" || operator === "notin" || operator === "notexists";
  const set = negative ? fullSet(size) : emptySet(size);
  const change = negative ? remove : add;
  for (const members of lists) {
    for (const position of members) change(set, position);
  }
  return set;
}
