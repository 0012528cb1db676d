// The record of one placement: filled while deciding, rendered elsewhere (CLI, refusal, log, page).
import type { Binding, Transport } from "../../../shared/types.ts";
import type { NodeState } from "./snapshot.ts";
import type { Capability } from "./way.ts";

/** Who asks for what. */
export interface PlacementRequest {
  readonly agent: string;
  readonly tool: string;
  /** Node-protocol commands the call needs, e.g. `["system.run"]`; empty when any paired node will do. */
  readonly commands: readonly string[];
  /** What the way to the node must be able to carry. */
  readonly needs: readonly Capability[];
  /** What moves with the agent: for words, no filter asks it. */
  readonly binding: Binding;
  /** Node on which this agent's calls under this rule last ran, which is left for a clearly better one only. */
  readonly current: string | null;
  /** Node that holds the files of the session, which `NoSchedule` leaves there; absent: none. */
  readonly settled?: string | null;
  /** Node that holds files of earlier calls: while it is there or may come back, no other one is chosen; absent: none. */
  readonly held?: string | null;
  /** It looks at files alone, so it needs no place of its own on the node that holds them. */
  readonly startsNothing?: boolean;
  /** Of a task: which agent is to do it; null: the only one that a peer offers. Absent: it is no task. */
  readonly agentThere?: string | null;
  /** Of a task: peers that did not accept it, with why. */
  readonly declined?: ReadonlyMap<string, string>;
  /** The same as `current`, under the rules that are next; absent: nothing ran under them. */
  readonly currentUnder?: (rule: string) => string | null;
}

/** Why a node was filtered out. `one`/`many` are verb phrases that count: "1 was offline", "2 were offline". */
export interface Reason {
  /** Stable id of the filter, e.g. `selector`, `presence`. */
  readonly filter: string;
  readonly one: string;
  readonly many: string;
  /** `rule`: the rule does not mean the node. `node`: it does, and the node cannot be used. */
  readonly about: "rule" | "node";
}

/** What happened to one node. */
export interface Candidate {
  readonly node: string;
  readonly fits: boolean;
  /** Of the way that fits, or that `reason` is about; null: it is about the node, whatever leads there. */
  readonly transport: Transport | null;
  /** Null when it fits. */
  readonly reason: Reason | null;
  /** What the reason is about, safe to print; absent where it says all, or the node fits. */
  readonly detail?: string;
  /** Why waiting helps, in the present tense: `is offline`. Null where only the config or the operator can help. */
  readonly passing: string | null;
  /** Normalized to -100..100; null when it does not fit or the rule prefers nothing. */
  readonly score: number | null;
  /**
   * Weight that each preference gave, by its selector's text, zeros included. After them `near (ms)`, where the rule
   * asks for it and the distance is known, the taints with `PreferNoSchedule` that it minds, and what `load`, `memory` and `disk` take away, where they take anything.
   * Empty when it does not fit.
   */
  readonly scores: Readonly<Record<string, number>>;
}

/** What a rule's residency adds to a decision. */
export interface ResidencyPart {
  /** Epoch ms that ages are told from; null: not known. */
  readonly nowMs: number | null;
  /** Why the gateway may not run the call, where the rule would let it; null: nothing speaks against it. */
  readonly gateway: string | null;
}

/**
 * One call's outcome.
 * `placed`: run it on `node`. `refused`: run it nowhere. `unrouted`: no rule speaks, or the rule says
 * `onUnavailable: "gateway"` and no node fits (then `rule` is set): the host does what it does without us.
 */
export interface PlacementDecision {
  readonly outcome: "placed" | "refused" | "unrouted";
  readonly request: PlacementRequest;
  /** Name of the rule that decided; null when none matched. */
  readonly rule: string | null;
  /** The winner; null unless placed. */
  readonly node: NodeState | null;
  readonly transport: Transport | null;
  /** Of a call that stays on `request.current`: the node that ranks first, not by enough to move. Null: it does not. */
  readonly keptInsteadOf: string | null;
  /** Number of nodes looked at: the N of "0/N nodes fit". */
  readonly total: number;
  /** Filter results that removed nodes, most frequent first; counts plus fitting nodes add up to `total`. */
  readonly filtered: readonly { readonly reason: Reason; readonly count: number }[];
  /** Number of nodes that fit. */
  readonly fitting: number;
  /** Of `request.held`, which is away for the moment; absent: it is there, or means nothing any more. */
  readonly away?: Candidate;
  /** The node was chosen although calls to it failed lately: it was the last one. */
  readonly isLastResort?: boolean;
  /** How long waiting may help, ms; absent: the rule does not wait, or waiting does not help. */
  readonly waitMs?: number;
  /** What the rules said that come before this one by `onUnavailable.next`, in order; absent: it is the first. */
  readonly before?: readonly PlacementDecision[];
  /** Of a rule with `residency`; absent: it has none. */
  readonly residency?: ResidencyPart;
  /** One entry a node in name order; computed on first use because a snapshot can be large. */
  candidates(): readonly Candidate[];
}
