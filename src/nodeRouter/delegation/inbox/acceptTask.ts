// One message of a peer: looked at, then on record and on the disk before the peer hears that it was accepted.
import { Buffer } from "node:buffer";
import type { ResolvedConfig } from "../../../config/resolve.ts";
import type { PeerAccept } from "../../../config/resolvePeers.ts";
import { messageOf } from "../../../shared/errors.ts";
import type { Logger } from "../../../shared/logger.ts";
import { refusalWords } from "../../../shared/refusal.ts";
import { admit } from "../model/admit.ts";
import type { InboundTask } from "../model/incoming.ts";
import type { AskedTask } from "../protocol/peerRequest.ts";
import { type RpcFailure, rejection } from "../protocol/rpc.ts";
import type { InboundLedger } from "./inbox.ts";
import { type KeptTasks, loadOfTasks, MAX_KEPT_RECORDS } from "./keptTasks.ts";
import { newTask } from "./newTask.ts";
import { askHash } from "./taskIds.ts";

export interface AcceptTaskNeeds {
  readonly config: () => ResolvedConfig;
  readonly kept: KeptTasks;
  readonly ledger: InboundLedger;
  /** The gateway's id. */
  readonly gateway: string;
  /** Null: nothing is accepted of this peer. */
  readonly acceptOf: (peer: string) => PeerAccept | null;
  /** Agents that this peer may ask, and that are there. */
  readonly offeredTo: (peer: string) => readonly string[];
  readonly isDraining: () => boolean;
  /** Begins what there is room for. */
  readonly look: () => void;
  /** Epoch ms. */
  readonly now: () => number;
  readonly log: Pick<Logger, "warn">;
}

/**
 * Called in the turn of this id. Rejects where nobody knows whether it was accepted.
 * @param id the task's, of peer and message
 * @returns the task, also where it was accepted before; or why it is refused
 */
export async function acceptTask(
  needs: AcceptTaskNeeds,
  id: string,
  peer: string,
  asked: AskedTask,
): Promise<InboundTask | RpcFailure> {
  const { kept, config, now } = needs;
  await kept.settle(id);
  const known = kept.seen(id, peer, asked.messageId);
  const hash = askHash(asked);
  const textBytes = Buffer.byteLength(asked.text);
  const of = needs.acceptOf(peer);
  const { running, queued } = loadOfTasks(kept.tasks().filter((task) => task.peer === peer));
  const admission = admit(asked, {
    known: known?.is === "task" && kept.isUnreadable(id) ? { ...known, hash } : known,
    hash,
    offered: needs.offeredTo(peer),
    gateway: needs.gateway,
    maxHops: config().delegation.maxHops,
    maxTaskBytes: config().delegation.maxTaskBytes,
    textBytes,
    open: kept.hasRoom(peer) ? running + queued : MAX_KEPT_RECORDS,
    maxOpen: (of?.maxRunning ?? 0) + (of?.maxQueued ?? 0),
    isDraining: needs.isDraining(),
    nowMs: now(),
  });
  if (admission.is === "known") return admission.task;
  if (admission.is === "refused") return admission.failure;
  const { agent } = admission;
  const task = newTask(asked, { id, peer, hash, textBytes, agent }, of?.maxMinutes ?? 0, now());
  // In the same turn as its room was looked for.
  kept.reserve(task);
  let isKept = false;
  try {
    const outcome = await record(needs, task);
    isKept = outcome === task;
    return outcome;
  } finally {
    kept.decide(id, isKept);
    needs.look();
  }
}

async function record(
  { kept, ledger, log }: AcceptTaskNeeds,
  task: InboundTask,
): Promise<InboundTask | RpcFailure> {
  const unrecorded = await ledger.accepted(task);
  if (unrecorded !== null) return rejection("NOT_KEPT", refusalWords(unrecorded));
  try {
    await kept.write(task);
  } catch (error) {
    log.warn({ peer: task.peer, reason: messageOf(error) }, "a task of a peer could not be kept");
    try {
      await kept.forget(task.id);
    } finally {
      ledger.ended(task, null);
    }
    return rejection("NOT_KEPT", "this gateway's disk did not take it");
  }
  return task;
}
