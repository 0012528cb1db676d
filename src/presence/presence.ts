// What the rest of the plugin sees of presence: records, their history, and how the sources are.
import { defineSlot } from "../shared/processMemory.ts";
import type { NodePresence, Place, PlaceWitness, PresenceState, SourceHealth } from "./record.ts";

/** One change of a node's state. */
export interface Transition {
  /** Inventory name. */
  readonly node: string;
  /** Null: it was not known before. */
  readonly from: PresenceState | null;
  readonly to: PresenceState;
  /** Epoch ms. */
  readonly atMs: number;
  readonly reason: string;
}

/** What became of one node over time, gateway restarts included. */
export interface NodeHistory {
  readonly node: string;
  /** Epoch ms of the first observation that is still kept. */
  readonly sinceMs: number;
  /** Share of the watched time in which it was ready or degraded, 0..1; unknown time is not counted; null: none was. */
  readonly onlineRatio: number | null;
  /** Times it went offline in the last 24 hours. */
  readonly flaps: number;
  /** The last ones, newest first. */
  readonly transitions: readonly Transition[];
}

export interface EventQuery {
  /** Epoch ms; null: everything that is kept. */
  readonly sinceMs: number | null;
  /** Inventory name; null: all. */
  readonly node: string | null;
}

/** One in a gateway process. Reading it never waits. */
export interface Presence {
  /** By inventory name. The same object until something changed, so it can be a cache key. */
  current(): ReadonlyMap<string, NodePresence>;
  history(node: string): NodeHistory | null;
  /** Newest first. */
  events(query: EventQuery): readonly Transition[];
  sources(): readonly SourceHealth[];
  /** Where the gateway itself is; null: nobody knows. */
  gatewayPlace(): Place | null;
  /** What its home relay and its clock say of that; absent: nothing. */
  gatewayWitnesses?(): readonly PlaceWitness[];
  /** Credits that the data in use asks for. */
  attributions(): readonly string[];
  /** Calls back after every change of `current()`, at most once a turn of the event loop; returns what ends it. */
  onChange(listener: () => void): () => void;
}

/** What is known of every node; empty while no service observes them. */
export const PRESENCE = defineSlot<Presence>("presence", 2);
