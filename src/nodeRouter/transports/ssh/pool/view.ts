// What follows from a pool's state at one moment: what the plan sees, and what people are told. Pure.
import type { Refusal } from "../../../../shared/refusal.ts";
import type { PingResult, SshCounters } from "../../transport.ts";
import type { Connection } from "../session/connection.ts";
import type { Command } from "../session/sshCommand.ts";
import { probeWaitMs, waitMs } from "./breaker.ts";
import type { PoolView } from "./planView.ts";
import type { PoolLimits } from "./poolOptions.ts";
import { notTried } from "./refusals.ts";
import { unknown } from "./silence.ts";
import { isAlive, type PoolState, readyShells, usable, warming } from "./state.ts";

export function isKeeperComing({ keeper }: PoolState): boolean {
  return keeper.phase === "coming" && isAlive(keeper.on);
}

export function isInUse({ running, queue }: PoolState): boolean {
  return running.size > 0 || queue.length > 0;
}

export function isBusy(state: PoolState): boolean {
  return isInUse(state) || state.opening.length > 0;
}

export function isRunningOn({ running }: PoolState, on: Connection): boolean {
  return [...running.values()].some((sent) => sent.on === on);
}

/** On which nothing new begins, and nothing runs any more. One that has ended is left by the event that says why. */
export function stalled(state: PoolState): readonly Connection[] {
  return state.connections.filter(
    (on) => on.isStalled && !on.isClosed && on.opening === 0 && !isRunningOn(state, on),
  );
}

/** Why commands are refused without an attempt; null: they are not. */
export function breakerRefusal(state: PoolState, node: string, nowMs: number): Refusal | null {
  const wait = waitMs(state.breaker, nowMs);
  return wait > 0 ? notTried(node, state.breaker, wait) : null;
}

/** Whether presence wants a connection though no command does. */
export function isHeld({ life, pulse }: PoolState, nowMs: number): boolean {
  return life === "open" && nowMs < pulse.heldUntilMs;
}

/** Whether more is open than is always kept. */
export function isMoreThanAlways(state: PoolState, { warm }: PoolLimits): boolean {
  return Math.max(state.demand.stock, readyShells(state).length) > warm || usable(state) > 1;
}

/** @param nowMs epoch ms. */
export function viewOf(
  state: PoolState,
  node: string,
  limits: PoolLimits,
  nowMs: number,
): PoolView<Connection, Command> {
  const { attempts, connections, running, keeper, demand, life, info } = state;
  const isStocked = state.keepsWarm && life === "open";
  const refused = breakerRefusal(state, node, nowMs);
  const heard = usable(state);
  return {
    queue: state.queue,
    running: running.size,
    isRunningHeard: [...running.values()].some(({ on }) => !on.isSilent),
    opening: state.opening.length,
    keeper: keeper.phase === "ready" && info !== null ? "ready" : isKeeperComing(state) ? "coming" : "none",
    free: readyShells(state).length,
    warming: warming(state),
    isTried: state.isTried,
    isMakingRoom: [...state.shells.values()].some(({ phase }) => phase === "leaving"),
    stock: isStocked ? demand.stock : 0,
    isDemanded: isStocked && demand.stock > limits.warm,
    connections,
    usable: heard,
    connecting: attempts.length,
    isOnlyProbing: refused !== null && attempts.every(({ isProbe }) => isProbe),
    // Silent ones end soon, or when what runs on them has ended; until then they must not pile up either.
    isFull:
      heard + attempts.length >= limits.connections ||
      connections.length + attempts.length >= 2 * limits.connections,
    refusal: refused,
    isClosing: life !== "open",
    presence: {
      isHeld: isHeld(state, nowMs),
      mayConnect: probeWaitMs(state.probing, nowMs) === 0,
      mayOpenKeeper: probeWaitMs(state.keeperProbing, nowMs) === 0,
    },
  };
}

export function countersOf(state: PoolState): SshCounters {
  return {
    connected: state.connections.length,
    free: readyShells(state).length,
    pending: state.attempts.length + warming(state) + state.opening.length,
    queued: state.queue.length,
    running: state.running.size,
    size: state.shells.size,
  };
}

/** What is known of the node when there is nothing to ask, and nothing on its way. */
export function standing(state: PoolState, mayConnect: boolean, isRefused: boolean): PingResult {
  const { verdict } = state.pulse;
  if (state.life !== "open") return unknown("its SSH connections are being closed");
  if (usable(state) > 0) return verdict ?? unknown("its SSH connection has no room for a question");
  // Without attempts of its own, presence believes those of commands for as long as the breaker does.
  if (verdict !== null && (mayConnect || isRefused)) return verdict;
  const why = "none is opened for it (plugins.entries.node-router.config.presence.connect)";
  const fact = mayConnect ? "the next attempt is not due yet" : why;
  return unknown(`no SSH connection to it is open, and ${fact}`);
}
