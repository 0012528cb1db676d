// A node's state: from its presence record, or, where there is none, from the gateway's own list. Pure.

import { PRESENCE_STATES } from "../../../presence/freshness.ts";
import type { NodePresence, PresenceState } from "../../../presence/record.ts";
import { doubtText } from "../../inventory/nameDoubt.ts";
import type { NameDoubt, NodeState } from "../../placement/model/snapshot.ts";

export type StateFacts = Pick<NodePresence, "state" | "reason" | "sinceMs">;

/** How many nodes are in each state; the order is that of every text. */
export type StateCounts = Readonly<Record<PresenceState, number>>;

/** @param record undefined: nobody has observed the node yet. */
export function shownStateOf(node: NodeState, record: NodePresence | undefined): StateFacts {
  if (node.doubt !== null) return doubtedState(node, node.doubt, record);
  if (record === undefined) return { ...listedState(node), sinceMs: null };
  const { state, reason, sinceMs } = record;
  return { state, reason, sinceMs };
}

/** Of its other way, SSH, what is known stands; but who it is as a paired node is no small thing. */
function doubtedState(node: NodeState, doubt: NameDoubt, record: NodePresence | undefined): StateFacts {
  const reason = doubtText(node.name, doubt);
  if (!node.ssh || record === undefined) return { state: "unknown", reason, sinceMs: null };
  return { state: record.state === "ready" ? "degraded" : record.state, reason, sinceMs: record.sinceMs };
}

/** How many nodes are in each state, zeros included. */
export function countStates(states: readonly PresenceState[]): StateCounts {
  const counts = { ready: 0, degraded: 0, stale: 0, offline: 0, unknown: 0 };
  for (const state of states) counts[state] += 1;
  return counts;
}

/** `4 nodes: 3 ready, 1 offline`; `no nodes`. */
export function countsText(counts: StateCounts): string {
  const total = PRESENCE_STATES.reduce((sum, state) => sum + counts[state], 0);
  if (total === 0) return "no nodes";
  const parts = PRESENCE_STATES.filter((state) => counts[state] > 0).map(
    (state) => `${counts[state]} ${state}`,
  );
  return `${total} ${total === 1 ? "node" : "nodes"}: ${parts.join(", ")}`;
}

/** What the host's list alone says; of SSH it says nothing, so such a node is never called offline. */
function listedState({ online, nodeId, ssh }: NodeState): Omit<StateFacts, "sinceMs"> {
  if (online === true) return { state: "ready", reason: "connected to the gateway" };
  const unpaired = "no node of this name is paired with the gateway";
  if (online === false && !ssh) {
    return { state: "offline", reason: nodeId === null ? unpaired : "not connected to the gateway" };
  }
  const asked = "over SSH nobody has asked it yet";
  if (ssh)
    return { state: "unknown", reason: online === false ? `not connected to the gateway; ${asked}` : asked };
  const reason =
    nodeId === null
      ? "the gateway's node list has not been read"
      : "the gateway does not say whether it is connected";
  return { state: "unknown", reason };
}
