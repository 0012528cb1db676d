// The names that a peer's task has here: each is a hash, so that no text of a peer becomes a file, a key or another peer's.
import { createHash } from "node:crypto";
import type { AskedTask } from "../protocol/peerRequest.ts";

/** A2A's id of the task, its record's name and its run's key. */
export function taskIdOf(peer: string, messageId: string): string {
  return `t-${hashOf(peer, messageId).slice(0, 40)}`;
}

/** Of what is asked for. When it is to be accepted, and through whom it came, may differ between two copies. */
export function askHash({ context, text, agent, extension }: AskedTask): string {
  return hashOf(JSON.stringify([context, text, agent, extension?.requester ?? null]));
}

/** The conversation of a task that names none: its own. */
export function contextOf({ context }: AskedTask, taskId: string): string {
  return context ?? `ctx-${taskId}`;
}

/** One conversation of one peer with one agent. The peer's name is in it for people alone; the hash tells them apart. */
export function sessionOf(agent: string, peer: string, context: string): string {
  const shown = peer
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, "-")
    .slice(0, 32);
  return `agent:${agent}:subagent:peer-${shown}-${hashOf(peer, context).slice(0, 24)}`;
}

function hashOf(...parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\0")).digest("hex");
}
