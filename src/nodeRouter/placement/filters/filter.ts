// The shape of a filter: one question about nodes, asked of all of them at once.
import type { Bitset } from "../model/bitset.ts";
import type { PlacementRequest, Reason } from "../model/decision.ts";
import type { NodeIndex } from "../model/nodeIndex.ts";
import type { Rule } from "../model/rule.ts";

export interface FilterContext {
  readonly index: NodeIndex;
  readonly request: PlacementRequest;
  readonly rule: Rule;
}

/** Nodes outside `keeps` are removed for `reason`. */
export interface Check {
  readonly reason: Reason;
  readonly keeps: Bitset;
}

/**
 * Gives the checks that apply to this request, in order; none when it has nothing to say. A node that an
 * earlier check removed is not counted again, so a node's reason is the first that removed it.
 */
export type Filter = (context: FilterContext) => readonly Check[];
