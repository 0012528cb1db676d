// One presence record of a node of which nothing is known; a test says the one thing that it is about.

import type { Presence } from "../../src/presence/presence.ts";
import type { Fact, FactValues, NodePresence, Place, Reach } from "../../src/presence/record.ts";

export const PRESENCE_MS = 1_700_000_000_000;

export function makePresence(changes: Partial<NodePresence> = {}): NodePresence {
  return {
    node: "mac-sg",
    state: "unknown",
    reason: "nobody asked",
    sinceMs: null,
    reach: { node: null, ssh: null },
    rttMs: null,
    facts: {},
    location: null,
    otherPlaces: [],
    contradictions: [],
    ...changes,
  };
}

export function reachOf(state: Reach["state"], changes: Partial<Reach> = {}): Reach {
  return { state, lastAnswerMs: null, failures: 0, rttMs: null, reason: null, ...changes };
}

/** A fact that holds. */
export function fact<T extends FactValues[keyof FactValues]>(value: T, stale = false): Fact<T> {
  return { value, source: "ssh", atMs: PRESENCE_MS, stale };
}

/** Singapore, as a GeoIP file has it. */
export function makePlace(changes: Partial<Place> = {}): Place {
  return {
    country: "SG",
    city: "Singapore",
    latitude: 1.29,
    longitude: 103.85,
    source: "geoip",
    precision: "city",
    confidence: "medium",
    detail: "endpoint 203.0.113.7",
    ...changes,
  };
}

/** Presence of which only the records matter; asked for anew at every use. */
export function fakePresence(records: () => ReadonlyMap<string, NodePresence>): Presence {
  return {
    current: records,
    history: () => null,
    events: () => [],
    sources: () => [],
    gatewayPlace: () => null,
    attributions: () => [],
    onChange: () => () => {},
  };
}
