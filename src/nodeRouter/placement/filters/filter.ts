// The shape of a filter: the questions that one call asks of every node.
import type { PlacementRequest, Reason } from "../model/decision.ts";
import type { Rule } from "../model/rule.ts";
import type { NodeState } from "../model/snapshot.ts";

/** Who asks, and the rule that decides it. */
export interface Ask {
  readonly request: PlacementRequest;
  readonly rule: Rule;
}

/** A node that `keeps` says no to is removed for `reason`. */
export interface Check {
  readonly reason: Reason;
  readonly keeps: (node: NodeState) => boolean;
}

/**
 * Gives the checks that apply to this call, in order; none when it has nothing to say. A node's reason is the first
 * check that said no, so later ones are not asked about it.
 */
export type Filter = (ask: Ask) => readonly Check[];
