// What became of peers since this gateway began to ask them, in the words that nodes' changes have. Pure.
import type { EventQuery, Transition } from "../../../presence/presence.ts";
import type { PresenceState } from "../../../presence/record.ts";
import type { KnownPeer } from "./knownPeers.ts";

/** Of all peers together. */
const MAX_CHANGES = 500;

/** With one more where the peer's state changed; newest first. @param nowMs epoch ms. */
export function withChange(
  changes: readonly Transition[],
  peer: string,
  before: KnownPeer,
  after: KnownPeer,
  nowMs: number,
): readonly Transition[] {
  const [was, to] = [stateOf(before), stateOf(after)];
  if (was === to) return changes;
  const from = before.online === null && before.unfit === null ? null : was;
  const change = { node: peer, from, to, atMs: nowMs, reason: reasonOf(after) };
  return [change, ...changes].slice(0, MAX_CHANGES);
}

/** Both together, newest first. @param nodes of `Presence`; @param peers newest first; absent: nobody asks peers. */
export function mergedChanges(
  nodes: readonly Transition[],
  peers: readonly Transition[] | undefined,
  { node, sinceMs }: EventQuery,
): readonly Transition[] {
  const asked = (peers ?? []).filter(
    (change) => (node === null || change.node === node) && (sinceMs === null || change.atMs >= sinceMs),
  );
  return asked.length === 0 ? nodes : [...nodes, ...asked].sort((a, b) => b.atMs - a.atMs);
}

function stateOf({ online, unfit }: KnownPeer): PresenceState {
  if (online === null) return "unknown";
  if (!online) return "offline";
  return unfit === null ? "ready" : "degraded";
}

function reasonOf({ online, unfit, failure }: KnownPeer): string {
  if (online === false) return `peer: ${failure ?? "it does not answer"}`;
  return unfit === null ? "peer: it answers" : `peer: it ${unfit}`;
}
