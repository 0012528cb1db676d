// The shape of a filter: the questions that one call asks of every way to a node.
import type { Transport } from "../../../shared/types.ts";
import type { PlacementRequest, Reason } from "../model/decision.ts";
import type { Rule } from "../model/rule.ts";
import type { NodePressure, NodeState } from "../model/snapshot.ts";

/** Who asks, and the rule that decides it. */
export interface RuledRequest {
  readonly request: PlacementRequest;
  readonly rule: Rule;
  /** By name, of the nodes that have any. */
  readonly pressure: ReadonlyMap<string, NodePressure>;
}

/** A way to a node that `keeps` says no to is removed for `reason`. */
export interface WayCheck {
  readonly reason: Reason;
  /** Only ways over this protocol are asked; absent: all. */
  readonly over?: Transport;
  readonly keeps: (node: NodeState) => boolean;
  /** Which of several questions it was, asked one by one of a node that `keeps` removes; absent: it is one alone. */
  readonly parts?: readonly WayCheck[];
  /**
   * Of a node that it removed: why that passes by itself, so that waiting helps. A verb phrase in the present tense:
   * `is offline`. Absent, or null: only the config or the operator can change it.
   */
  readonly passing?: (node: NodeState) => string | null;
  /** Of a node that it removed: what the reason is about, safe to print. @param nowMs of the snapshot; null: not known. */
  readonly detail?: (node: NodeState, nowMs: number | null) => string;
}

/**
 * Gives the checks that apply to this call, in order; none when it has nothing to say. A way's reason is the first
 * check that said no, so later ones are not asked about it.
 */
export type Filter = (ask: RuledRequest) => readonly WayCheck[];

/** A reason about the node that counts in the same words for one and for many. */
export function aboutNode(filter: string, one: string, many = one): Reason {
  return { filter, one, many, about: "node" };
}
