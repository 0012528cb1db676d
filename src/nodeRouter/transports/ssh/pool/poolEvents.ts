// What happens to a node: each event makes a new state of an old one. Pure. (What only sets a value is `Core.set`.)
import { type Refusal, refusalLine } from "../../../../shared/refusal.ts";
import type { SshNodeInfo } from "../../transport.ts";
import type { Failure } from "../connect/failure.ts";
import type { Connection } from "../session/connection.ts";
import type { Keeper } from "../session/keeper.ts";
import type { Runner } from "../session/runner.ts";
import type { Command } from "../session/sshCommand.ts";
import { afterAttempt, afterFailure, afterRefusal, afterSuccess, CLOSED, LASTS_MS } from "./breaker.ts";
import { afterAsk, afterSpell, afterUse } from "./demand.ts";
import { reasonOf } from "./refusals.ts";
import type { Pulse, SilenceVerdict } from "./silence.ts";
import {
  type Attempt,
  type HeldKeeper,
  type PoolState,
  readyShells,
  type ShellPhase,
  usable,
  warming,
  without,
} from "./state.ts";

/** After a connection that lasted so long, one that had to be ended is the first of its kind again. */
const FORGIVEN_MS = 10 * 60_000;

export function attemptBegun(state: PoolState, attempt: Attempt, nowMs: number): PoolState {
  const probing = afterAttempt(state.probing, nowMs);
  return { ...state, attempts: [...state.attempts, attempt], probing };
}

export function connectFailed(state: PoolState, failure: Failure, nowMs: number): PoolState {
  const { transportFailure, tcpReached } = failure;
  const tried = tcpReached === false ? state : connectionUseless(state, nowMs);
  const breaker = transportFailure ? afterFailure(state.breaker, nowMs, failure) : state.breaker;
  const failed = { ...tried, breaker, logged: refusalLine(failure), keepsWarm: false };
  // While something else is open, a failed attempt at more says nothing of the node.
  if (usable(state) > 0) return failed;
  const reason = reasonOf(failure);
  return verdictMade(failed, { kind: transportFailure ? "down" : "unknown", reason });
}

export const connectionOpened = (state: PoolState, connection: Connection): PoolState => ({
  ...state,
  breaker: CLOSED,
  logged: null,
  connections: [...state.connections, connection],
});

/** The server was reached, and it was no use. */
const connectionUseless = (state: PoolState, nowMs: number): PoolState => ({
  ...state,
  probing: afterRefusal(state.probing, nowMs),
});

/** @param error what its socket said; null: nothing. @param lastedMs since it was opened. */
export function connectionEnded(
  state: PoolState,
  on: Connection,
  error: string | null,
  lastedMs: number,
  nowMs: number,
): PoolState {
  const { failure, isDropped, isSilent } = on;
  const left = connectionLeft(state, on);
  const isGood = failure === null && (isDropped || lastedMs >= LASTS_MS);
  const ended = isGood ? { ...left, probing: afterSuccess(left.probing) } : connectionUseless(left, nowMs);
  // After a fault nothing is opened that nobody asks for.
  if (failure !== null) return { ...verdictMade(ended, { kind: "down", reason: failure }), keepsWarm: false };
  if (isDropped || isSilent || usable(ended) > 0) return ended;
  return nodeLost(ended, `its SSH connection was lost${error === null ? "" : ` (${error})`}`);
}

/** It was ended for what the node did. @param refusal what commands are told. */
export function nodeMisbehaved(
  state: PoolState,
  refusal: Refusal,
  lastedMs: number,
  nowMs: number,
): PoolState {
  const misconduct = afterFailure(lastedMs >= FORGIVEN_MS ? CLOSED : state.misconduct, nowMs, refusal);
  return { ...state, misconduct, breaker: misconduct };
}

/** Nothing of it is used any more. */
export function connectionLeft(state: PoolState, on: Connection): PoolState {
  const connections = without(state.connections, on);
  return {
    ...state,
    connections,
    shells: new Map([...state.shells].filter(([, shell]) => shell.on !== on)),
    isTried: state.isTried && connections.length > 0,
    keeper: state.keeper.phase === "ready" && state.keeper.on === on ? { phase: "none" } : state.keeper,
    formerKeepers: state.formerKeepers.filter((former) => former.on !== on),
  };
}

export const warmingFailed = (state: PoolState, on: Connection): PoolState => ({
  ...state,
  warming: state.warming.toSpliced(state.warming.indexOf(on), 1),
});

export const shellReady = (state: PoolState, shell: Runner, on: Connection): PoolState => ({
  ...shellMoved(warmingFailed(state, on), shell, "ready"),
  isTried: true,
  lastFailure: null,
});

export function shellTaken(state: PoolState, shell: Runner): PoolState {
  const taken = shellMoved(state, shell, "used");
  const isStock = state.shells.get(shell)?.phase === "ready";
  return isStock ? { ...taken, demand: afterUse(taken.demand, readyShells(taken).length) } : taken;
}

export function shellEnded(state: PoolState, shell: Runner): PoolState {
  const shells = new Map(state.shells);
  shells.delete(shell);
  return { ...state, shells };
}

/** As `leaving` or `discarded` it is ended here. */
export function shellMoved(state: PoolState, shell: Runner, phase: ShellPhase): PoolState {
  const known = state.shells.get(shell);
  return known === undefined
    ? state
    : { ...state, shells: new Map(state.shells).set(shell, { ...known, phase }) };
}

/** It was told of the commands that an earlier connection left behind. */
export function keeperReady(state: PoolState, held: HeldKeeper, info: SshNodeInfo): PoolState {
  const pulse = { ...state.pulse, verdict: null };
  return { ...state, keeper: { phase: "ready", ...held }, info, lost: [], lastFailure: null, pulse };
}

/** @param reason why its connection is to blame, or the login; null: neither is. */
export function keeperFailed(
  state: PoolState,
  on: Connection,
  reason: string | null,
  nowMs: number,
): PoolState {
  const isIt = state.keeper.phase === "coming" && state.keeper.on === on;
  const failed: PoolState = isIt ? { ...state, keeper: { phase: "none" } } : state;
  if (reason === null) return failed;
  const keeperProbing = afterRefusal(state.keeperProbing, nowMs);
  return verdictMade({ ...connectionUseless(failed, nowMs), keeperProbing }, { kind: "unknown", reason });
}

export function keeperEnded(state: PoolState, keeper: Keeper, nowMs: number): PoolState {
  const { keeper: held, keeperProbing: before } = state;
  if (held.phase !== "ready" || held.keeper !== keeper) {
    return { ...state, formerKeepers: state.formerKeepers.filter((former) => former.keeper !== keeper) };
  }
  const ended: PoolState = { ...state, keeper: { phase: "none" } };
  if (nowMs - held.sinceMs >= LASTS_MS) return { ...ended, keeperProbing: afterSuccess(before) };
  return held.on.isClosed ? ended : { ...ended, keeperProbing: afterRefusal(before, nowMs) };
}

/** Nothing is heard of its connection: another is needed, and this one goes on as long as it can. */
export function keeperRetired(state: PoolState, on: Connection): PoolState {
  const { keeper } = state;
  if (keeper.phase !== "ready" || keeper.on !== on) return state;
  return { ...state, keeper: { phase: "none" }, formerKeepers: [...state.formerKeepers, keeper] };
}

/** @param floor shells that are kept ready whatever is asked for. */
export function commandAsked(state: PoolState, command: Command, floor: number): PoolState {
  const queue = [...state.queue, command];
  if (command.isBackground) return { ...state, queue };
  // What finds no shell ready though the node has shells will find one the next time.
  const waits = state.isTried && readyShells(state).length === 0;
  const busy = state.running.size + queue.length;
  const demand = command.isTerminal ? state.demand : afterAsk(state.demand, floor, busy, waits);
  return { ...state, queue, keepsWarm: true, demand };
}

/** It is given up, or about to be sent. */
export const commandTaken = (state: PoolState, command: Command): PoolState => ({
  ...state,
  queue: without(state.queue, command),
});

export const terminalAsked = (state: PoolState, command: Command): PoolState => ({
  ...commandTaken(state, command),
  opening: [...state.opening, command],
});

export const commandSent = (state: PoolState, command: Command, on: Connection): PoolState => ({
  ...state,
  running: new Map(state.running).set(command, { on, isEnding: false }),
});

export function commandEnding(state: PoolState, command: Command): PoolState {
  const sent = state.running.get(command);
  if (sent === undefined) return state;
  return { ...state, running: new Map(state.running).set(command, { ...sent, isEnding: true }) };
}

export function commandEnded(state: PoolState, command: Command): PoolState {
  const running = new Map(state.running);
  running.delete(command);
  return { ...state, running };
}

/** So much was not needed for a while. */
export function spellEnded(state: PoolState, floor: number): PoolState {
  const busy = state.running.size + state.queue.length;
  const ready = { busy, free: readyShells(state).length, warming: warming(state) };
  return { ...state, demand: afterSpell(state.demand, floor, ready) };
}

export const verdictMade = (state: PoolState, verdict: SilenceVerdict): PoolState => ({
  ...state,
  pulse: { ...state.pulse, verdict, isLoss: false },
});

/** The last connection is gone, or counts for nothing any more. */
export function nodeLost(state: PoolState, fact: string): PoolState {
  const verdict: SilenceVerdict = { kind: "down", reason: fact };
  return { ...state, pulse: { ...state.pulse, verdict, isLoss: true, silences: 0 } };
}

export const pulseTaken = (state: PoolState, pulse: Partial<Pulse>): PoolState => ({
  ...state,
  pulse: { ...state.pulse, ...pulse },
});
