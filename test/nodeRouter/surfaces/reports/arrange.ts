// Presence records of nodes, and a Presence that holds them. A test changes one thing.

import type { NodeHistory, Presence, Transition } from "../../../../src/presence/presence.ts";
import type { Fact, NodePresence, Reach } from "../../../../src/presence/record.ts";
import { START_MS } from "../../../support/fakeDeps.ts";

const GIB = 1024 ** 3;

export const UP: Reach = { state: "up", lastAnswerMs: START_MS, failures: 0, rttMs: 71, reason: null };
export const DOWN: Reach = { state: "down", lastAnswerMs: null, failures: 2, rttMs: null, reason: "refused" };

export function fact<T>(value: T, stale = false): Fact<T> {
  return { value, source: "gateway", atMs: START_MS - 1_000, stale };
}

/** A node in Singapore that is well, and of which everything is known. */
export function recordOf(node: string, changes: Partial<NodePresence> = {}): NodePresence {
  return {
    node,
    state: "ready",
    reason: "it answers over the node protocol",
    sinceMs: START_MS - 180_000,
    reach: { node: UP, ssh: null },
    rttMs: 71,
    facts: {
      ips: fact(["203.0.113.9", "fd7a:115c:a1e0::2", "100.64.0.2"]),
      cpuCount: fact(8),
      load1: fact(0.42),
      memoryTotalBytes: fact(16 * GIB),
      memoryAvailableBytes: fact(3.2 * GIB),
      diskTotalBytes: fact(460 * GIB),
      diskAvailableBytes: fact(120 * GIB),
      tailnetPath: fact("direct" as const),
    },
    location: {
      country: "SG",
      city: "Singapore",
      source: "declared",
      precision: "city",
      confidence: "high",
      detail: "declared in the config",
    },
    otherPlaces: [],
    contradictions: [],
    ...changes,
  };
}

export function offlineRecord(node: string, changes: Partial<NodePresence> = {}): NodePresence {
  return recordOf(node, {
    state: "offline",
    reason: "it does not answer over the node protocol",
    sinceMs: START_MS - 7_200_000,
    reach: { node: DOWN, ssh: null },
    rttMs: null,
    facts: {},
    location: null,
    ...changes,
  });
}

export function historyOf(node: string): NodeHistory {
  return { node, sinceMs: 0, onlineRatio: 1, flaps: 0, transitions: [] };
}

/** What was observed, as if it had been; `transitions` newest first. */
export function fakePresence(
  records: readonly NodePresence[],
  transitions: readonly Transition[] = [],
  more: Partial<Presence> = {},
): Presence {
  return {
    current: () => new Map(records.map((record) => [record.node, record])),
    history: (node) => (records.some((record) => record.node === node) ? historyOf(node) : null),
    events: ({ sinceMs, node }) =>
      transitions.filter(
        (t) => (sinceMs === null || t.atMs >= sinceMs) && (node === null || t.node === node),
      ),
    sources: () => [],
    gatewayPlace: () => null,
    attributions: () => [],
    onChange: () => () => undefined,
    ...more,
  };
}
