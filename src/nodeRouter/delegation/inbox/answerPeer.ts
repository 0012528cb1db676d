// Answers what a peer asks of the inbox, as A2A 1.0 writes it.
import { hostname } from "node:os";
import type { ResolvedConfig } from "../../../config/resolve.ts";
import { type Inbound, type InboundTask, mayHaveRun } from "../model/incoming.ts";
import { writeCard } from "../protocol/card.ts";
import { MAX_POLL_MS, type PeerRequest } from "../protocol/peerRequest.ts";
import { failureOf, isFailure, RPC, type RpcFailure } from "../protocol/rpc.ts";
import { stateOf, writeTask } from "../protocol/task.ts";
import type { Blank, CardExtension, FoundTask } from "../protocol/wire.ts";
import type { PeerInbox } from "./inbox.ts";

export interface AnswerNeeds {
  readonly inbox: PeerInbox;
  readonly config: () => ResolvedConfig;
  /** Agents that there are; null: nobody can tell. */
  readonly agents: () => readonly string[] | null;
  /** This gateway's id. */
  readonly gateway: string;
  readonly pluginVersion: string;
  /** Times of which this gateway's records say nothing. */
  readonly blanks: readonly Blank[];
  /** Epoch ms. */
  readonly now: () => number;
}

/**
 * @param url where the peer reached it
 * @returns the result, or why not: a message that is answered so is not accepted, and never begins
 * @throws where nobody knows
 */
export async function answerPeer(
  needs: AnswerNeeds,
  peer: string,
  request: PeerRequest,
  url: string,
): Promise<{ readonly result: unknown } | RpcFailure> {
  const { inbox, now } = needs;
  const told = (task: InboundTask, asked: boolean, withResult = true) => tell(needs, task, asked, withResult);
  switch (request.ask) {
    case "send": {
      const sent = await inbox.send(peer, request.task);
      if (isFailure(sent)) return sent;
      if (request.task.waits) await inbox.ended(sent.id, MAX_POLL_MS);
      const task = inbox.get(peer, sent.id) ?? sent;
      return { result: { task: told(task, request.task.historyLength !== 0) } };
    }
    case "get": {
      await inbox.ended(request.id, inbox.get(peer, request.id) === null ? 0 : request.waitMs);
      const task = inbox.get(peer, request.id);
      return task === null ? NOT_FOUND : { result: told(task, request.historyLength !== 0) };
    }
    case "list": {
      const { context, state, from, pageSize } = request;
      const all = inbox
        .tasks()
        .filter((task) => task.peer === peer && (context === null || task.context === context))
        .filter(({ phase }) => state === null || stateOf(phase) === state)
        .reverse();
      const next = from + pageSize < all.length ? String(from + pageSize) : "";
      const tasks = all.slice(from, from + pageSize).map((task) => told(task, false, request.withResults));
      return { result: { tasks, nextPageToken: next, pageSize, totalSize: all.length } };
    }
    case "cancel": {
      const task = await inbox.cancelOf(peer, request.id);
      return isFailure(task) ? task : { result: told(task, false) };
    }
    case "card":
      return { result: writeCard(url, cardOf(needs, peer)) };
    case "find": {
      const found = await inbox.find(peer, request.messageId);
      return { result: foundOf(needs, found, "unknown") };
    }
    case "fence": {
      const sinceMs = sinceOf(needs);
      const madeAtMs = timeOfId(request.messageId);
      // It may have been here: its record would be gone by now.
      if (madeAtMs !== null && madeAtMs < sinceMs && (await inbox.find(peer, request.messageId)) === null)
        return failureOf(RPC.params, "INVALID_PARAMS", "records of that time are not kept any more");
      const fenced = await inbox.fence(peer, request.messageId);
      return isFailure(fenced) ? fenced : { result: foundOf(needs, fenced, "fenced") };
    }
  }
  return request satisfies never;

  function foundOf(of: AnswerNeeds, record: Inbound | null, otherwise: "unknown" | "fenced"): FoundTask {
    if (record?.is === "task") return { found: "task", task: told(record, false) };
    const found = record === null ? otherwise : "fenced";
    return { found, gateway: of.gateway, sinceMs: sinceOf(of), blanks: of.blanks, nowMs: now() };
  }
}

/** A peer without an agent that it may ask here has an empty card. */
function cardOf(
  { inbox, config, agents, gateway, pluginVersion, now }: AnswerNeeds,
  peer: string,
): CardExtension {
  const { peers, gatewayName, delegation } = config();
  const accept = peers.get(peer)?.accept ?? null;
  const there = agents();
  const { running, queued } = inbox.loadOf(peer);
  return {
    gateway,
    name: gatewayName ?? hostname(),
    pluginVersion,
    agents: (accept?.agents ?? []).filter((agent) => there === null || there.includes(agent)),
    running,
    queued,
    maxRunning: accept?.maxRunning ?? 0,
    maxQueued: accept?.maxQueued ?? 0,
    maxMinutes: accept?.maxMinutes ?? 0,
    maxTaskBytes: delegation.maxTaskBytes,
    draining: inbox.isDraining(),
    nowMs: now(),
  };
}

/** @param asked with the message that asked, while it is kept */
function tell({ gateway, now }: AnswerNeeds, task: InboundTask, asked: boolean, withResult: boolean): object {
  const { id, context, messageId, phase, acceptedAtMs, startedAtMs, endedAtMs, reason, ran, tokens } = task;
  const extension = {
    messageId,
    gateway,
    phase,
    mayHaveRun: mayHaveRun(task),
    acceptedAtMs,
    startedAtMs,
    endedAtMs,
    nowMs: now(),
    reason,
    ran,
    tokens,
  };
  return writeTask({
    id,
    context,
    extension,
    result: withResult ? task.result : null,
    asked: asked && task.text !== "" ? task.text : null,
  });
}

/** Epoch ms: what came before it is not kept any more. */
function sinceOf({ config, now }: AnswerNeeds): number {
  return now() - config().delegation.keepMs;
}

/** When a UUIDv7 was made, by its maker's clock (RFC 9562, section 5.7), epoch ms; null: it is none. */
function timeOfId(id: string): number | null {
  const [, high, low] = /^([\da-f]{8})-([\da-f]{4})-7[\da-f]{3}-/.exec(id) ?? [];
  return high === undefined || low === undefined ? null : Number.parseInt(high + low, 16);
}

const NOT_FOUND = failureOf(RPC.taskNotFound, "TASK_NOT_FOUND", "there is no such task");
