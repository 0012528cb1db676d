// Everything that a pool knows of its node, as one value: what a connection, a shell, the keeper and a command can be.
import type { Refusal } from "../../../../shared/refusal.ts";
import type { SshNodeInfo } from "../../transport.ts";
import type { Connection } from "../session/connection.ts";
import type { Keeper, LostCommand } from "../session/keeper.ts";
import type { Runner } from "../session/runner.ts";
import type { Command } from "../session/sshCommand.ts";
import { type Breaker, CLOSED, NEVER_PROBED, type Probing } from "./breaker.ts";
import { type Demand, noDemand } from "./demand.ts";
import { type Pulse, UNHEARD } from "./silence.ts";

/**
 * A shell, with the events that lead from one state to the next:
 * - `opened`: its session is there; it is not ready, or is spent to prove the login (set by `Core`);
 * - `ready`: it waits for a command (`shellReady`);
 * - `used`: it serves one command, or is a terminal that was opened for one (`shellTaken`);
 * - `leaving`: ended here so that something else finds room (`shellMoved`);
 * - `discarded`: ended here because nobody needs it (`shellMoved`).
 * From each it goes when its session ends (`shellEnded`) or its connection is left (`connectionLeft`).
 */
export type ShellPhase = "opened" | "ready" | "used" | "leaving" | "discarded";

export interface Shell {
  readonly on: Connection;
  readonly phase: ShellPhase;
}

/** A connection on its way. */
export interface Attempt {
  /** Whether nobody but presence asked for it. */
  readonly isProbe: boolean;
}

export interface HeldKeeper {
  readonly keeper: Keeper;
  readonly on: Connection;
  /** Epoch ms. */
  readonly sinceMs: number;
}

/** `coming` once it is asked for, then `keeperReady` or `keeperFailed`; gone with `keeperEnded`, `keeperRetired`, `connectionLeft`. */
export type KeeperState =
  | { readonly phase: "none" }
  | { readonly phase: "coming"; readonly on: Connection }
  | ({ readonly phase: "ready" } & HeldKeeper);

/** A command that was sent, and may have begun. It is never sent again. */
export interface Sent {
  /** In use until the command has ended, also when its session has. */
  readonly on: Connection;
  /** Whether it was told to end. */
  readonly isEnding: boolean;
}

export interface PoolState {
  /** Once it closes it takes no commands; once destroyed it does nothing more. */
  readonly life: "open" | "closing" | "destroyed";
  // A command is in one of these three, in this order of time, and comes back from the second alone.
  /** Those that wait (`commandAsked`, or put back). */
  readonly queue: readonly Command[];
  /** Those whose terminal is being opened (`terminalAsked`). */
  readonly opening: readonly Command[];
  /** Those that were sent (`commandSent`), until they have ended (`commandEnded`). */
  readonly running: ReadonlyMap<Command, Sent>;
  // A connection is an attempt (`attemptBegun`), then open (`connectionOpened`), then left (`connectionLeft`). Whether
  // it is silent, stalled or closed it says itself.
  readonly attempts: readonly Attempt[];
  /** The first that came first. */
  readonly connections: readonly Connection[];
  readonly breaker: Breaker;
  /** What was logged last of a failure to connect. */
  readonly logged: string | null;
  /** Of connections that were ended for what the node did: it lets one in each time, so that alone is no success. */
  readonly misconduct: Breaker;
  /** When presence may connect. */
  readonly probing: Probing;
  /** For each shell on its way its connection, until it is `ready` or `warmingFailed`. */
  readonly warming: readonly Connection[];
  readonly shells: ReadonlyMap<Runner, Shell>;
  /** Whether the login gave a shell at all: start files may be slow, and many of them at once far slower. */
  readonly isTried: boolean;
  readonly keeper: KeeperState;
  /** On connections of which nothing is heard: they may be heard again, and must not act on what is over. */
  readonly formerKeepers: readonly HeldKeeper[];
  /** When presence may open one. */
  readonly keeperProbing: Probing;
  /** Commands whose connection was lost: the next keeper ends them. */
  readonly lost: readonly LostCommand[];
  /** What the first keeper told of the node; null before. */
  readonly info: SshNodeInfo | null;
  /** Whether shells are kept ahead of use; off after a failure, until somebody asks for the node again. */
  readonly keepsWarm: boolean;
  readonly demand: Demand;
  /** Why no session could be opened last; null: one could. */
  readonly lastFailure: Refusal | null;
  readonly pulse: Pulse;
}

/** @param warm shells that are kept ready whatever is asked for. */
export function newState(warm: number): PoolState {
  return {
    life: "open",
    queue: [],
    opening: [],
    running: new Map(),
    attempts: [],
    connections: [],
    breaker: CLOSED,
    logged: null,
    misconduct: CLOSED,
    probing: NEVER_PROBED,
    warming: [],
    shells: new Map(),
    isTried: false,
    keeper: { phase: "none" },
    formerKeepers: [],
    keeperProbing: NEVER_PROBED,
    lost: [],
    info: null,
    keepsWarm: false,
    demand: noDemand(warm),
    lastFailure: null,
    pulse: UNHEARD,
  };
}

/** Those to which a command can be given, in the order in which they were opened. */
export function readyShells({ shells }: PoolState): readonly Runner[] {
  return [...shells].flatMap(([shell, { phase }]) => (phase === "ready" && !shell.closed ? [shell] : []));
}

/** Of shells on their way up, those from which anything is to be expected. */
export function warming(state: PoolState): number {
  return state.warming.filter(isAlive).length;
}

export function isAlive({ isSilent, isClosed }: Connection): boolean {
  return !isSilent && !isClosed;
}

/** Connections of which something is heard. */
export function usable({ connections }: PoolState): number {
  return connections.filter(({ isSilent }) => !isSilent).length;
}

/** A list as it is when one is gone. */
export function without<T>(list: readonly T[], gone: T): readonly T[] {
  return list.filter((one) => one !== gone);
}
