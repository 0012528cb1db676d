// One task that a peer has given to an agent of this gateway: what is kept of it, and how it goes on. Pure.
import { fieldOf, itemsOf, numberIn } from "../../../shared/jsonParts.ts";
import { isTaskEnd } from "../protocol/task.ts";
import { type RanTool, TASK_PHASES, type TaskPhase } from "../protocol/wire.ts";
import { readRan, textIn } from "./keptFields.ts";

/** Kept until `keepDays` after its end. */
export interface InboundTask {
  readonly is: "task";
  /** A2A's id of the task, and the record's name: of peer and message, so that no other peer can name it. */
  readonly id: string;
  readonly peer: string;
  /** The peer's id of the delegation: what both ledgers call it. */
  readonly messageId: string;
  /** Of what it asks for: the same message again must ask for the same. */
  readonly hash: string;
  readonly context: string;
  readonly agent: string;
  /** Key of the session that it runs in. */
  readonly session: string;
  /** The peer's agent that asks; null: it did not say. */
  readonly requester: string | null;
  /** Ids of the gateways that it came through. */
  readonly chain: readonly string[];
  /** How many it may go through in all, by its sender's word; null: it says nothing. */
  readonly maxHops: number | null;
  /** What is to be done; empty once it has ended. */
  readonly text: string;
  readonly textBytes: number;
  readonly maxMinutes: number;
  readonly phase: TaskPhase;
  /** The life of the gateway in which it was started; null: it was not. */
  readonly life: string | null;
  /** How often the host was asked to run it. More than once only by `onInterrupted: "continue"`. */
  readonly runs: number;
  readonly cancelRequested: boolean;
  /** Epoch ms. */
  readonly acceptedAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly result: string | null;
  /** Safe to print; null: it completed, or has not ended. */
  readonly reason: string | null;
  readonly ran: readonly RanTool[];
  readonly tokens: number | null;
}

/** A message that is refused from now on, for its sender was told so. */
export interface Fence {
  readonly is: "fence";
  readonly id: string;
  readonly peer: string;
  readonly messageId: string;
  /** Epoch ms. */
  readonly atMs: number;
}

export type Inbound = InboundTask | Fence;

/** How it ended. */
export interface TaskEnd {
  readonly phase: "completed" | "failed" | "canceled" | "rejected" | "interrupted";
  readonly result: string | null;
  readonly reason: string | null;
  readonly ran?: readonly RanTool[];
  readonly tokens?: number | null;
}

/** What a gateway does with a task that it finds when it starts. */
export type Recovery =
  /** It cannot have run. */
  | "start"
  /** It runs in this very process: the plugin was reloaded. */
  | "follow"
  /** It ended before the gateway did. */
  | "collect"
  /** Nobody knows how far it came; its agent goes on where it was, once. */
  | "continue"
  | "interrupt"
  | "nothing";

/** Whether something of it may have been done. */
export function mayHaveRun({ runs }: InboundTask): boolean {
  return runs > 0;
}

/** What its session is known by. */
export function runOf({ messageId: delegation, peer, chain, maxHops }: InboundTask) {
  return { delegation, peer, chain, maxHops };
}

export function hasEnded({ endedAtMs }: InboundTask): boolean {
  return endedAtMs !== null;
}

/** Before the host is asked to run it. @param atMs epoch ms */
export function starting(task: InboundTask, life: string, atMs: number): InboundTask {
  return { ...task, phase: "starting", life, runs: task.runs + 1, startedAtMs: atMs };
}

/** The host has taken it. */
export function working(task: InboundTask): InboundTask {
  return task.phase === "starting" ? { ...task, phase: "working" } : task;
}

/** @param atMs epoch ms. An end is the last word: a second one changes nothing. */
export function ended(task: InboundTask, end: TaskEnd, atMs: number): InboundTask {
  if (hasEnded(task)) return task;
  const { ran = task.ran, tokens = task.tokens } = end;
  return { ...task, ...end, ran, tokens, text: "", endedAtMs: atMs };
}

/**
 * @param life of the gateway now
 * @param isDone the host says that the session's run ended well after it was started
 */
export function recoveryOf(
  task: InboundTask,
  life: string,
  isDone: boolean,
  onInterrupted: "fail" | "continue",
): Recovery {
  if (hasEnded(task)) return "nothing";
  if (task.phase === "accepted") return "start";
  if (task.life === life) return "follow";
  if (isDone) return "collect";
  return onInterrupted === "continue" && task.runs === 1 && !task.cancelRequested ? "continue" : "interrupt";
}

/** @returns null for what is no record of ours, or lacks what must not be guessed */
export function readInbound(value: unknown): Inbound | null {
  const is = fieldOf(value, "is");
  const [id, peer, messageId] = [textIn(value, "id"), textIn(value, "peer"), textIn(value, "messageId")];
  if (id === null || peer === null || messageId === null) return null;
  if (is === "fence") {
    const atMs = numberIn(value, "atMs");
    return atMs === null ? null : { is, id, peer, messageId, atMs };
  }
  const phase = TASK_PHASES.find((known) => known === fieldOf(value, "phase"));
  const [hash, context, agent, session] = [
    textIn(value, "hash"),
    textIn(value, "context"),
    textIn(value, "agent"),
    textIn(value, "session"),
  ];
  const [acceptedAtMs, runs, maxMinutes] = [
    numberIn(value, "acceptedAtMs"),
    numberIn(value, "runs"),
    numberIn(value, "maxMinutes"),
  ];
  const task = fieldOf(value, "text");
  if (is !== "task" || phase === undefined || typeof task !== "string") return null;
  if (hash === null || context === null || agent === null || session === null) return null;
  if (acceptedAtMs === null || runs === null || maxMinutes === null) return null;
  const endedAtMs = numberIn(value, "endedAtMs");
  if (isTaskEnd(phase) !== (endedAtMs !== null)) return null;
  return {
    is,
    id,
    peer,
    messageId,
    hash,
    context,
    agent,
    session,
    requester: textIn(value, "requester"),
    chain: itemsOf(fieldOf(value, "chain")).filter((link) => typeof link === "string"),
    maxHops: numberIn(value, "maxHops"),
    text: task,
    textBytes: numberIn(value, "textBytes") ?? 0,
    maxMinutes,
    phase,
    life: textIn(value, "life"),
    runs,
    cancelRequested: fieldOf(value, "cancelRequested") === true,
    acceptedAtMs,
    startedAtMs: numberIn(value, "startedAtMs"),
    endedAtMs,
    result: textIn(value, "result"),
    reason: textIn(value, "reason"),
    ran: itemsOf(fieldOf(value, "ran")).flatMap(readRan),
    tokens: numberIn(value, "tokens"),
  };
}
