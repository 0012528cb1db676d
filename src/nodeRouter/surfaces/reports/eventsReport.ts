// What `events` says: the changes of nodes' states, oldest first, as a log reads. Pure.

import type { EventQuery, Presence, Transition } from "../../../presence/presence.ts";
import { isoTime } from "../../../shared/isoTime.ts";

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
 * @param presence null: nobody observes.
 */
export function createEventsReport(presence: Presence | null, query: EventQuery): EventsReport {
  const events = (presence?.events(query) ?? []).map(
    ({ node, from, to, atMs, reason }): NodeEvent => ({ node, from, to, at: isoTime(atMs) ?? "", reason }),
  );
  return {
    events: events.reverse(),
    since: isoTime(query.sinceMs),
    node: query.node,
    observing: presence !== null,
  };
}
