// What the plan of a pool goes by, and what it can say.
import type { Refusal } from "../../../../shared/refusal.ts";

/** A command that waits, as far as that matters here. */
export interface Waiting {
  /** It needs a terminal, and so a session of its own. */
  readonly isTerminal: boolean;
  /** Nobody's work: no connection is made for it. */
  readonly isBackground: boolean;
}

/** An open connection, as far as that matters here. */
export interface Room {
  /** Sessions that may still be asked for. */
  readonly room: number;
  /** Those that are open or opening. */
  readonly sessions: number;
}

/** Everything about one node that the plan depends on, as it is now. */
export interface PoolView<C extends Room = Room, W extends Waiting = Waiting> {
  /** In their order. */
  readonly queue: readonly W[];
  readonly running: number;
  /** Whether any of those that run may still be heard of. */
  readonly isRunningHeard: boolean;
  /** Terminals on their way up, each for one command. */
  readonly opening: number;
  /** Without one that is ready no command begins. */
  readonly keeper: "none" | "coming" | "ready";
  /** Shells that are ready. */
  readonly free: number;
  /** Shells on their way up. */
  readonly warming: number;
  /** Whether the login gave a shell at all: before, one is tried at a time. */
  readonly isTried: boolean;
  /** Whether a shell that was ready is being ended to make room. */
  readonly isMakingRoom: boolean;
  /** Shells to keep ready beside those for which a command waits. */
  readonly stock: number;
  /** Whether more of them are wanted than always: then a connection is worth it. */
  readonly isDemanded: boolean;
  /** The first that came first. */
  readonly connections: readonly C[];
  /** Connections of which something is heard. */
  readonly usable: number;
  /** Connections on their way. */
  readonly connecting: number;
  /** Whether those are presence's alone, while commands are refused. */
  readonly isOnlyProbing: boolean;
  /** Whether no more connections may be made. */
  readonly isFull: boolean;
  /** Why commands are refused without an attempt; null: they are not. */
  readonly refusal: Refusal | null;
  /** Nothing is opened any more but a keeper for what still runs. */
  readonly isClosing: boolean;
  /** What presence may do of itself, at its own pace. */
  readonly presence: {
    /** Whether it wants a connection though no command does. */
    readonly isHeld: boolean;
    readonly mayConnect: boolean;
    readonly mayOpenKeeper: boolean;
  };
}

/** Something that failed, and is told to whoever waits when nothing else can serve them. */
export interface Fault {
  readonly refusal: Refusal;
  /** It is the keeper that could not be had. */
  readonly isKeeper: boolean;
}

export type Action<C = Room, W = Waiting> =
  | { readonly do: "dispatch"; readonly command: W }
  | { readonly do: "openTerminal"; readonly command: W; readonly on: C }
  | { readonly do: "openKeeper"; readonly on: C }
  | { readonly do: "openRunner"; readonly on: C }
  /** End a shell that is ready, so that something else finds room. */
  | { readonly do: "makeRoom" }
  | { readonly do: "connect" }
  /** The same for presence, also while commands are refused. */
  | { readonly do: "probe" }
  /** Look again when commands are no longer refused. */
  | { readonly do: "retryLater" }
  | { readonly do: "refuse"; readonly refusal: Refusal }
  | { readonly do: "refuseBackground" }
  /** End shells that are ready and not needed. */
  | { readonly do: "endFree"; readonly count: number }
  | { readonly do: "closeConnection"; readonly on: C };

/** Why a plan is made. */
export type Occasion =
  /** Something may give a waiting command what it lacks. */
  | { readonly is: "change" }
  /** Presence asks for the node, or what it needs is gone. */
  | { readonly is: "presence" }
  | ({ readonly is: "fault" } & Fault)
  /** A while is over in which `stock` shells would have done. */
  | { readonly is: "spell"; readonly stock: number }
  /** Nobody used the node for long. */
  | { readonly is: "idle" };
