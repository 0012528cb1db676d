// What became of a node's state over time: the last changes, and how long it was in which state. Pure.

import type { NodeHistory, Transition } from "./presence.ts";
import type { NodePresence, PresenceState } from "./record.ts";
import type { SeenFacts } from "./restore.ts";

/** All that is kept of one node; plain data, as the store writes it. */
export interface NodeRecord {
  readonly state: PresenceState;
  readonly reason: string;
  /** Epoch ms since when it has that state. */
  readonly sinceMs: number;
  /** Epoch ms of the first state that is kept. */
  readonly firstMs: number;
  /** Epoch ms up to which `onlineMs` and `watchedMs` are counted. */
  readonly countedMs: number;
  readonly onlineMs: number;
  /** In which its state was known. */
  readonly watchedMs: number;
  /** Newest first. */
  readonly transitions: readonly Transition[];
  /** Null: it said nothing over SSH. */
  readonly seen: SeenFacts | null;
}

export const MAX_TRANSITIONS = 50;
const DAY_MS = 24 * 60 * 60 * 1_000;
/**
 * A longer step between two counts was not watched: the gateway was off, or slept. Its state is counted every few
 * seconds.
 */
const LONGEST_STEP_MS = 60_000;

/** The node has this state now; the same one again only counts time. */
export function recordState(
  record: NodeRecord | null,
  { node, state, reason }: Pick<NodePresence, "node" | "state" | "reason">,
  nowMs: number,
): NodeRecord {
  if (record === null) {
    const first = { node, from: null, to: state, atMs: nowMs, reason };
    const times = { sinceMs: nowMs, firstMs: nowMs, countedMs: nowMs };
    return { state, reason, ...times, onlineMs: 0, watchedMs: 0, transitions: [first], seen: null };
  }
  const counted = count(record, nowMs);
  if (record.state === state) return { ...counted, reason };
  const change = { node, from: record.state, to: state, atMs: nowMs, reason };
  const transitions = [change, ...record.transitions].slice(0, MAX_TRANSITIONS);
  return { ...counted, state, reason, sinceMs: nowMs, transitions };
}

/** A clock that was set back, or a long step, counts for nothing. */
function count(record: NodeRecord, nowMs: number): NodeRecord {
  const stepMs = nowMs - record.countedMs;
  if (stepMs <= 0 || stepMs > LONGEST_STEP_MS) return { ...record, countedMs: nowMs };
  const isOnline = record.state === "ready" || record.state === "degraded";
  const isKnown = isOnline || record.state === "offline";
  return {
    ...record,
    countedMs: nowMs,
    onlineMs: record.onlineMs + (isOnline ? stepMs : 0),
    watchedMs: record.watchedMs + (isKnown ? stepMs : 0),
  };
}

/**
 * What a record comes to.
 * @param nowMs epoch ms, for the falls of the last 24 hours.
 */
export function historyOf(node: string, record: NodeRecord, nowMs: number): NodeHistory {
  const { firstMs, onlineMs, watchedMs, transitions } = record;
  return {
    node,
    sinceMs: firstMs,
    onlineRatio: watchedMs === 0 ? null : onlineMs / watchedMs,
    // Found offline at first is no fall.
    flaps: transitions.filter(
      ({ from, to, atMs }) => from !== null && to === "offline" && nowMs - atMs <= DAY_MS,
    ).length,
    transitions,
  };
}
