// One task that an agent of this gateway has given to an agent of a peer: what is kept of it. Pure.
import type { Refusal } from "../../../shared/refusal.ts";
import type { RanTool } from "../protocol/wire.ts";

/**
 * How it is. `queued`: not sent yet. `sending`: it may be on its way, nobody has answered. `unknown`: it was sent, and
 * nobody answered: the same peer is asked, and no other one gets it before that. `accepted`, `working`: the peer has it.
 * The others are ends. `not-accepted`: no peer took it, so nothing ran. `interrupted`: the peer went down meanwhile.
 * `lost`: the peer cannot be asked any more.
 */
export const DELEGATION_STATES = [
  "queued",
  "sending",
  "unknown",
  "accepted",
  "working",
  "completed",
  "failed",
  "canceled",
  "rejected",
  "interrupted",
  "not-accepted",
  "lost",
] as const;

export type DelegationState = (typeof DELEGATION_STATES)[number];

/** Who asked, and where the result is to go. */
export interface Requester {
  readonly agent: string;
  readonly session: string;
  /** Null: the host did not say. */
  readonly run: string | null;
  /** Id of the tool's call. */
  readonly call: string | null;
}

/** One peer that it was offered to. */
export interface PeerAttempt {
  readonly peer: string;
  /** Epoch ms. */
  readonly atMs: number;
  /** Epoch ms by our clock: later it is not sent any more, and the peer is asked to refuse it. Null: at any time. */
  readonly acceptBeforeMs: number | null;
  /** The peer's clock less ours, ms, as its messages say it: the same in each copy. Null: not known. */
  readonly clockOffsetMs: number | null;
  /** Id of the gateway that the peer was when it was offered; null: not known. */
  readonly gateway: string | null;
  /** Something of it was sent and not answered, so a copy may still be on its way. */
  readonly inDoubt: boolean;
  /** It is not sent any more: the peer is asked to refuse it from now on. */
  readonly isFenced: boolean;
  /** Null: nobody answered yet. `not-accepted` proves that nothing of it ran there. */
  readonly outcome: "accepted" | "not-accepted" | "unknown" | null;
  /** Why not; null: it was, or nobody knows. */
  readonly reason: Refusal | null;
}

/** Kept until `keepDays` after its end. */
export interface Delegation {
  /** UUIDv7: A2A's `messageId`, the id of both ledgers, and how people name it. */
  readonly id: string;
  /** A2A's: the conversation that it belongs to. */
  readonly context: string;
  readonly requester: Requester;
  /** Name of the rule of `delegation.rules` that chose. */
  readonly rule: string;
  /** What whoever asked wants of the choice: a selector that narrows it, and the agent there. Null: nothing. */
  readonly asked: { readonly to: string | null; readonly agent: string | null };
  /** Agent at the peer; empty: not settled yet. */
  readonly agent: string;
  readonly task: string;
  /** Ids of the gateways that it came through, this one last. */
  readonly chain: readonly string[];
  /** How many it may go through in all: the least that any of them allows. */
  readonly maxHops: number;
  readonly createdAtMs: number;
  /** Epoch ms: the peer that has it answered last; before that, when it was made. */
  readonly heardAtMs: number;
  readonly state: DelegationState;
  /** Who has it, or may have it; null: nobody. */
  readonly peer: string | null;
  /** The peer speaks plain A2A: no fence, and no cancel that is sure. */
  readonly weaker: boolean;
  /** A2A's id of the task at the peer; null: not accepted yet. */
  readonly taskId: string | null;
  readonly attempts: readonly PeerAttempt[];
  /** Whether something of it may have run; false is proven. */
  readonly mayHaveRun: boolean;
  /** The agent, or the operator, wants it ended. */
  readonly cancelRequested: boolean;
  /** Epoch ms; null: not yet. */
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** The answer of the peer's agent; null: there is none. */
  readonly result: string | null;
  /** Why it did not complete; null: it did, or has not ended. */
  readonly reason: Refusal | null;
  readonly ran: readonly RanTool[];
  readonly tokens: number | null;
  /** The agent was shown the end. */
  readonly told: boolean;
}
