// What the rest of the plugin, and the peers themselves, know of the tasks that peers have given to agents of this gateway.
import { defineSlot } from "../../../shared/processMemory.ts";
import type { Refusal } from "../../../shared/refusal.ts";
import type { Inbound, InboundTask } from "../model/incoming.ts";
import type { AskedTask } from "../protocol/peerRequest.ts";
import type { RpcFailure } from "../protocol/rpc.ts";

/** What operators and tools see of it. */
export interface Inbox {
  /** All that are kept, the oldest first. */
  tasks(): readonly InboundTask[];
  /** The newest task of this session; null: it has none. */
  ofSession(sessionKey: string): InboundTask | null;
  load(): { readonly running: number; readonly queued: number };
  /** As `CancelTask`, by the operator's word. */
  cancel(taskId: string): Promise<InboundTask | RpcFailure>;
}

/** What peers ask of it. A rejected promise: nobody knows, and the peer must not be told that it was refused. */
export interface PeerInbox extends Inbox {
  send(peer: string, asked: AskedTask): Promise<InboundTask | RpcFailure>;
  /** Null: this peer has no such task. */
  find(peer: string, messageId: string): Promise<Inbound | null>;
  get(peer: string, taskId: string): InboundTask | null;
  fence(peer: string, messageId: string): Promise<Inbound | RpcFailure>;
  cancelOf(peer: string, taskId: string): Promise<InboundTask | RpcFailure>;
  /** Resolves at the task's end, or after so long, or when this inbox closes. */
  ended(taskId: string, waitMs: number): Promise<void>;
  loadOf(peer: string): { readonly running: number; readonly queued: number };
  isDraining(): boolean;
  /** Begins with what an earlier life left. */
  recover(): void;
  /** Takes nothing more and begins nothing more. Resolves when nothing is being written. Runs go on in the host. */
  close(): Promise<void>;
}

/** One record a task, under the peer's id of it. */
export interface InboundLedger {
  /** Resolves with why it must not be accepted: it could not be recorded. */
  accepted(task: InboundTask): Promise<Refusal | null>;
  /** Of one that was recorded; `task` as it ended, or null where it was not accepted after all. */
  ended(accepted: InboundTask, task: InboundTask | null): void;
}

export const INBOX = defineSlot<PeerInbox>("delegation-inbox", 1);
