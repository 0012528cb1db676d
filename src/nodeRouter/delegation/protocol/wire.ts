// What two gateways say to each other of one delegation, beside what A2A 1.0 has words for: the extension's shapes. Pure.

/** Names the extension in a card, in `A2A-Extensions` and in `metadata`. Raised when a field changes its meaning. */
export const EXTENSION = "urn:openclaw-node-router:delegation:v1";

/** Where a gateway takes requests of its peers. */
export const PEER_PATH = "/node-router/peer";

/** A2A's own methods that are served, as JSON-RPC 2.0 names them (A2A 1.0, section 9). */
export const A2A_METHODS = [
  "SendMessage",
  "GetTask",
  "ListTasks",
  "CancelTask",
  "GetExtendedAgentCard",
] as const;

/**
 * The extension's: `FindTask` tells what became of a message of ours, `FenceMessage` also refuses it from now on where
 * it was never seen. Both take `{ messageId }` and answer with a `FoundTask`.
 */
export const OWN_METHODS = ["node-router/FindTask", "node-router/FenceMessage"] as const;

/** The extension's, for who has an invitation's secret in place of a token: it becomes a peer. */
export const JOIN_METHOD = "node-router/Join";

/** Why it does not, in `error.data[].reason`. */
export const JOIN_REASONS = ["INVITE_EXPIRED", "INVITE_OWN", "INVITE_USED", "INVITE_WITHDRAWN"] as const;

export type JoinReason = (typeof JOIN_REASONS)[number];

/** `SendMessage.params.metadata[EXTENSION]`. */
export interface SendExtension {
  /** Agent at the peer that is to do it. */
  readonly agent: string;
  /** Agent here that asks. */
  readonly requester: string;
  /** Ids of the gateways that it has come through, the first one first, the sender last. */
  readonly chain: readonly string[];
  /** Gateways that it may go through in all: the least that the config of any of them so far allows. */
  readonly maxHops: number;
  /** Epoch ms by the receiver's clock, as far as the sender knows it: later it is not accepted. Null: at any time. */
  readonly acceptBeforeMs: number | null;
  /** So long the run may take; null: as the receiver allows. */
  readonly maxMinutes: number | null;
}

/** `GetTask.params.metadata[EXTENSION]`: the answer may wait so long for the task's end. */
export interface GetExtension {
  readonly waitMs: number;
}

/**
 * Where a task is at the gateway that has it. `accepted`: kept, nothing has begun. `starting`: it may have begun.
 * `interrupted`: that gateway went down meanwhile, and does not know how far it came.
 */
export const TASK_PHASES = [
  "accepted",
  "starting",
  "working",
  "completed",
  "failed",
  "canceled",
  "rejected",
  "interrupted",
] as const;

export type TaskPhase = (typeof TASK_PHASES)[number];

/** How often its run called a tool, and where that ran. Null: on that gateway, or nobody knows. */
export interface RanTool {
  readonly tool: string;
  readonly node: string | null;
  readonly country: string | null;
  readonly calls: number;
}

/** `Task.metadata[EXTENSION]`. */
export interface TaskExtension {
  readonly messageId: string;
  /** Of the answering gateway. */
  readonly gateway: string;
  readonly phase: TaskPhase;
  /** Whether its run may have done something. */
  readonly mayHaveRun: boolean;
  /** Epoch ms by the answering gateway's clock. */
  readonly acceptedAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly nowMs: number;
  /** Why it did not complete, safe to print; null: it did, or has not ended. */
  readonly reason: string | null;
  readonly ran: readonly RanTool[];
  /** Input and output; null: not known. */
  readonly tokens: number | null;
}

/** A time in which that gateway was down as far as it knows, epoch ms by its clock. */
export interface Blank {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * `unknown`: never seen, and may still come. `fenced`: never seen, and is refused from now on. Both are true of that
 * `gateway`, by its id, and as far back as `sinceMs` by its clock: what came before it has forgotten. They are not true
 * of what came in a blank: the records may be an older copy, from before it came.
 */
export type FoundTask =
  | { readonly found: "task"; readonly task: unknown }
  | {
      readonly found: "unknown" | "fenced";
      readonly gateway: string;
      readonly sinceMs: number;
      readonly blanks: readonly Blank[];
      readonly nowMs: number;
    };

/** `params` of the extension in `AgentCard.capabilities.extensions`, for peers alone: how the gateway is now. */
export interface CardExtension {
  /** Random, kept in the state folder: the same after a change of name or address. */
  readonly gateway: string;
  readonly name: string;
  readonly pluginVersion: string;
  /** Agents that this peer may ask. */
  readonly agents: readonly string[];
  /** Of this peer. */
  readonly running: number;
  readonly queued: number;
  readonly maxRunning: number;
  readonly maxQueued: number;
  readonly maxMinutes: number;
  readonly maxTaskBytes: number;
  /** It takes no new tasks, for it is being stopped. */
  readonly draining: boolean;
  readonly nowMs: number;
}

/**
 * Why a message was not accepted, in `error.data[].reason` (google.rpc.ErrorInfo, domain `node-router`; A2A 1.0
 * section 9.5). SECURITY: whoever answers a `SendMessage` with an error has no record of it, and never begins it.
 */
export const REJECT_REASONS = [
  "AGENT_NOT_OFFERED",
  "ALREADY_USED",
  "CLOCK_UNKNOWN",
  "DRAINING",
  "FENCED",
  "FULL",
  "LOOP",
  "NOT_KEPT",
  "TASK_TOO_LARGE",
  "TASK_UNREADABLE",
  "TOO_LATE",
  "TOO_MANY_HOPS",
  "VERSION",
] as const;

export type RejectReason = (typeof REJECT_REASONS)[number];
