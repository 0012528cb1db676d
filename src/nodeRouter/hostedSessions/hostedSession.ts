// The types of hosted sessions, which the host runs on another machine as a whole: their records, and the gate's.

/** Where the host runs a session that is not local to the gateway. */
export interface HostedSession {
  readonly sessionId: string;
  readonly agent: string;
  readonly sessionKey: string;
  /** The host's word for how far it is: `requested` … `active` … `reclaimed`, `failed`. */
  readonly state: string;
  /** Device id of the hosting node; null: not known yet, or no paired node. */
  readonly nodeId: string | null;
  /** What `sessions.move` wants to be told of it; null while the host has not settled it. */
  readonly source: HostedSource | null;
}

/** The exact place that a move leaves. */
export interface HostedSource {
  readonly generation: number;
  readonly environmentId: string;
  readonly ownerEpoch: number;
}

/** The host's records of its hosted sessions, or why they cannot be read. */
export type HostedRecords = { readonly ok: true; readonly sessions: readonly HostedSession[] } | Unreadable;

/** One session's record: null when the host keeps none, or calls it local. */
export type HostedRecord = { readonly ok: true; readonly session: HostedSession | null } | Unreadable;

interface Unreadable {
  readonly ok: false;
  readonly reason: string;
}

/** Reads the host's records anew at every call; never throws. */
export interface HostedReader {
  all(): HostedRecords;
  ofSession(sessionId: string): HostedRecord;
  /** By the key, for those who are told no more. */
  ofKey(sessionKey: string): HostedRecord;
}

/** One turn that the host is about to run. */
export interface Turn {
  readonly sessionId: string;
  readonly agent: string | null;
  readonly sessionKey: string | null;
  readonly runId: string | null;
}

/**
 * What the host itself has shown about where the turn runs. `none`: nothing. `waiting`: not on the gateway for now.
 * `hosted`: on another machine, at once.
 */
export type Evidence = "none" | "waiting" | "hosted";

/** Stands before every turn of the gateway. */
export interface TurnGate {
  /** Whether the gate has anything to say about the turn. False leaves it alone completely. */
  concerns(turn: Turn): boolean;
  /** Finds out what `check` will need; never rejects. */
  prepare(turn: Turn): Promise<void>;
  /** @throws NodeRouterError HOSTED_ELSEWHERE: nothing of the turn may start. */
  check(turn: Turn, evidence: Evidence): void;
  /** A turn of a command line agent, which the host may run on a node. @throws NodeRouterError HOSTED_ELSEWHERE */
  checkCli(turn: Turn): void;
}

/** Whether the gate stands before the host's turns. `waiting`: the host has not opened for turns yet. */
export type GateState =
  | { readonly kind: "armed" }
  | { readonly kind: "waiting" }
  | { readonly kind: "unfit"; readonly reason: string };
