// What happens to a node's connections, shells and keeper: each event makes a new state of an old one. Pure.
import { type Refusal, refusalLine } from "../../../../shared/refusal.ts";
import type { SshNodeInfo } from "../../transport.ts";
import type { Connection } from "../session/connection.ts";
import type { Keeper, LostCommand } from "../session/keeper.ts";
import type { Runner } from "../session/runner.ts";
import { afterAttempt, afterFailure, afterRefusal, afterSuccess, CLOSED, LASTS_MS } from "./breaker.ts";
import { afterUse } from "./demand.ts";
import type { ConnectFailure } from "./poolOptions.ts";
import { reasonOf } from "./refusals.ts";
import {
  type Attempt,
  type HeldKeeper,
  type PoolState,
  readyShells,
  type ShellPhase,
  usable,
  without,
} from "./state.ts";
import { verdictMade } from "./useEvents.ts";

/** After a connection that lasted so long, one that had to be ended is the first of its kind again. */
const FORGIVEN_MS = 10 * 60_000;

export function attemptBegun(state: PoolState, attempt: Attempt, nowMs: number): PoolState {
  const probing = afterAttempt(state.probing, nowMs);
  return { ...state, attempts: [...state.attempts, attempt], probing };
}

export const attemptEnded = (state: PoolState, attempt: Attempt): PoolState => ({
  ...state,
  attempts: without(state.attempts, attempt),
});

export function connectFailed(state: PoolState, failure: ConnectFailure, nowMs: number): PoolState {
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
export const connectionUseless = (state: PoolState, nowMs: number): PoolState => ({
  ...state,
  probing: afterRefusal(state.probing, nowMs),
});

/** @param isGood whether it lasted, or was ended here and on purpose. */
export function connectionEnded(state: PoolState, on: Connection, isGood: boolean, nowMs: number): PoolState {
  const left = connectionLeft(state, on);
  return isGood ? { ...left, probing: afterSuccess(left.probing) } : connectionUseless(left, nowMs);
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

export const warmingBegun = (state: PoolState, on: Connection): PoolState => ({
  ...state,
  warming: [...state.warming, on],
});

export const warmingFailed = (state: PoolState, on: Connection): PoolState => ({
  ...state,
  warming: state.warming.toSpliced(state.warming.indexOf(on), 1),
});

export const shellOpened = (state: PoolState, shell: Runner, on: Connection): PoolState => ({
  ...state,
  shells: new Map(state.shells).set(shell, { on, phase: "opened" }),
});

export const shellReady = (state: PoolState, shell: Runner, on: Connection): PoolState => ({
  ...moved(warmingFailed(state, on), shell, "ready"),
  isTried: true,
  lastFailure: null,
});

export function shellTaken(state: PoolState, shell: Runner): PoolState {
  const taken = moved(state, shell, "used");
  const isStock = state.shells.get(shell)?.phase === "ready";
  return isStock ? { ...taken, demand: afterUse(taken.demand, readyShells(taken).length) } : taken;
}

/** It is ended here. */
export function shellGivenUp(state: PoolState, shell: Runner, as: "leaving" | "discarded"): PoolState {
  return moved(state, shell, as);
}

export function shellEnded(state: PoolState, shell: Runner): PoolState {
  const shells = new Map(state.shells);
  shells.delete(shell);
  return { ...state, shells };
}

function moved(state: PoolState, shell: Runner, phase: ShellPhase): PoolState {
  const known = state.shells.get(shell);
  return known === undefined
    ? state
    : { ...state, shells: new Map(state.shells).set(shell, { ...known, phase }) };
}

export const keeperAsked = (state: PoolState, on: Connection): PoolState => ({
  ...state,
  keeper: { phase: "coming", on },
});

/** It was told of the commands that an earlier connection left behind. */
export function keeperReady(state: PoolState, held: HeldKeeper, info: SshNodeInfo): PoolState {
  const pulse = { ...state.pulse, verdict: null };
  return { ...state, keeper: { phase: "ready", ...held }, info, lost: [], lastFailure: null, pulse };
}

export function keeperFailed(state: PoolState, on: Connection): PoolState {
  const isIt = state.keeper.phase === "coming" && state.keeper.on === on;
  return isIt ? { ...state, keeper: { phase: "none" } } : state;
}

/** One could not be had, or did not last, for no fault of its connection. */
export const keeperUseless = (state: PoolState, nowMs: number): PoolState => ({
  ...state,
  keeperProbing: afterRefusal(state.keeperProbing, nowMs),
});

export function keeperEnded(state: PoolState, keeper: Keeper, nowMs: number): PoolState {
  const { keeper: held } = state;
  if (held.phase !== "ready" || held.keeper !== keeper) {
    return { ...state, formerKeepers: state.formerKeepers.filter((former) => former.keeper !== keeper) };
  }
  const ended: PoolState = { ...state, keeper: { phase: "none" } };
  if (nowMs - held.sinceMs < LASTS_MS) return held.on.isClosed ? ended : keeperUseless(ended, nowMs);
  return { ...ended, keeperProbing: afterSuccess(ended.keeperProbing) };
}

/** Nothing is heard of its connection: another is needed, and this one goes on as long as it can. */
export function keeperRetired(state: PoolState, on: Connection): PoolState {
  const { keeper } = state;
  if (keeper.phase !== "ready" || keeper.on !== on) return state;
  return { ...state, keeper: { phase: "none" }, formerKeepers: [...state.formerKeepers, keeper] };
}

export const commandLost = (state: PoolState, lost: LostCommand): PoolState => ({
  ...state,
  lost: [...state.lost, lost],
});
