// What happens to a node's commands, and what commands and presence want of it: each event makes a new state. Pure.
import type { Refusal } from "../../../../shared/refusal.ts";
import type { Connection } from "../session/connection.ts";
import type { Command } from "../session/sshCommand.ts";
import { afterAsk, afterSpell, noDemand } from "./demand.ts";
import type { Pulse, SilenceVerdict } from "./silence.ts";
import { type PoolState, readyShells, without } from "./state.ts";

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

export const queueEmptied = (state: PoolState): PoolState => ({ ...state, queue: [] });

export const terminalAsked = (state: PoolState, command: Command): PoolState => ({
  ...commandTaken(state, command),
  opening: [...state.opening, command],
});

export const terminalDone = (state: PoolState, command: Command): PoolState => ({
  ...state,
  opening: without(state.opening, command),
});

/** It comes before all others; its time goes on. */
export const commandPutBack = (state: PoolState, command: Command): PoolState => ({
  ...state,
  queue: [command, ...state.queue],
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

/** After a fault nothing is opened that nobody asks for. @param refusal of a session; null: of the connection. */
export const faultMet = (state: PoolState, refusal: Refusal | null): PoolState => ({
  ...state,
  keepsWarm: false,
  lastFailure: refusal ?? state.lastFailure,
});

/** So much was not needed for a while. */
export function spellEnded(state: PoolState, floor: number, warming: number): PoolState {
  const busy = state.running.size + state.queue.length;
  return {
    ...state,
    demand: afterSpell(state.demand, floor, { busy, free: readyShells(state).length, warming }),
  };
}

/** Nobody used it for long. */
export const demandEnded = (state: PoolState, floor: number): PoolState => ({
  ...state,
  keepsWarm: false,
  demand: noDemand(floor),
});

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

/** Somebody wants shells ready. */
export const warmthAsked = (state: PoolState): PoolState => ({ ...state, keepsWarm: true });

export function lifeEnds(state: PoolState, life: "closing" | "destroyed"): PoolState {
  return { ...state, life };
}
