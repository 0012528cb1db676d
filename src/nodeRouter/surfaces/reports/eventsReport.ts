// What `events` says: the changes of nodes' and peers' states, oldest first, as a log reads. Pure.

import type { EventQuery, Presence, Transition } from "../../../presence/presence.ts";
import { isoTime } from "../../../shared/isoTime.ts";
import { mergedChanges } from "../../delegation/peers/peerChanges.ts";

export interface NodeEvent extends Omit<Transition, "atMs"> {
  /** ISO 8601. */
  readonly at: string;
}

export interface EventsReport {
  /** Oldest first. */
  readonly events: readonly NodeEvent[];
  /** ISO 8601; null: everything that is kept. */
  readonly since: string | null;
  /** Null: all nodes. */
  readonly node: string | null;
  /** Whether nodes are observed at all; false: no changes are known, which does not mean that there were none. */
  readonly observing: boolean;
}

/**
 * The changes that were asked for, the newest last.
 * @param presence null: nobody observes; @param peers their changes, newest first; absent: nobody asks them.
 */
export function createEventsReport(
  presence: Presence | null,
  query: EventQuery,
  peers?: readonly Transition[],
): EventsReport {
  const events = mergedChanges(presence?.events(query) ?? [], peers, query).map(
    ({ node, from, to, atMs, reason }): NodeEvent => ({ node, from, to, at: isoTime(atMs) ?? "", reason }),
  );
  return {
    events: events.reverse(),
    since: isoTime(query.sinceMs),
    node: query.node,
    observing: presence !== null,
  };
}
