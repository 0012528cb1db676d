// A peer's task as it begins here: accepted and not begun, or found again with a record that nobody can read.
import type { InboundTask } from "../model/incoming.ts";
import type { AskedTask } from "../protocol/peerRequest.ts";
import { contextOf, sessionOf } from "./taskIds.ts";

/** Why nothing is known of a task that was here. */
export const RECORD_LOST = "its record on this gateway cannot be read";

const MIN_MINUTES = 0.05;

/** @param maxMinutes the most that this peer's tasks may run here; the peer may want less. */
export function newTask(
  asked: AskedTask,
  { id, peer, hash, textBytes, agent }: Pick<InboundTask, "id" | "peer" | "hash" | "textBytes" | "agent">,
  maxMinutes: number,
  nowMs: number,
): InboundTask {
  const context = contextOf(asked, id);
  return {
    is: "task",
    id,
    peer,
    messageId: asked.messageId,
    hash,
    context,
    agent,
    session: sessionOf(agent, peer, context),
    requester: asked.extension?.requester ?? null,
    chain: asked.extension?.chain ?? [],
    maxHops: asked.extension?.maxHops ?? null,
    text: asked.text,
    textBytes,
    maxMinutes: Math.max(
      MIN_MINUTES,
      Math.min(maxMinutes, asked.extension?.maxMinutes ?? Number.MAX_SAFE_INTEGER),
    ),
    phase: "accepted",
    life: null,
    runs: 0,
    cancelRequested: false,
    acceptedAtMs: nowMs,
    startedAtMs: null,
    endedAtMs: null,
    result: null,
    reason: null,
    ran: [],
    tokens: null,
  };
}

/** A task was here, and nobody can say how far it came. */
export function lostTask(id: string, peer: string, messageId: string, nowMs: number): InboundTask {
  return {
    is: "task",
    id,
    peer,
    messageId,
    hash: "",
    context: "",
    agent: "",
    session: "",
    requester: null,
    chain: [],
    maxHops: null,
    text: "",
    textBytes: 0,
    maxMinutes: 0,
    phase: "interrupted",
    life: null,
    runs: 1,
    cancelRequested: false,
    acceptedAtMs: nowMs,
    startedAtMs: null,
    endedAtMs: nowMs,
    result: null,
    reason: RECORD_LOST,
    ran: [],
    tokens: null,
  };
}
