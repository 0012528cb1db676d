// A task as A2A 1.0 writes it, with our part of it: made by the gateway that has it, and read by the one that asked. Pure.
import { isoTime } from "../../../shared/isoTime.ts";
import { fieldOf, itemsOf } from "../../../shared/jsonParts.ts";
import { safe, shortened } from "../../../shared/safeText.ts";
import { EXTENSION, type RanTool, TASK_PHASES, type TaskExtension, type TaskPhase } from "./wire.ts";

/** What is told of a task beside our extension. */
export interface ToldTask {
  readonly id: string;
  readonly context: string;
  readonly extension: TaskExtension;
  /** Null: there is none, or it is not asked for. */
  readonly result: string | null;
  /** The message that asked; null: it is not asked for. */
  readonly asked: string | null;
}

/** A task of a peer. */
export interface ReadTask {
  /** Null: the peer answered at once, without keeping a task. */
  readonly id: string | null;
  readonly context: string | null;
  readonly phase: TaskPhase;
  /** Null: there is none. */
  readonly result: string | null;
  /** The result was longer than what is kept. */
  readonly isCut: boolean;
  /** Why it did not complete, safe to print; null: it did, has not ended, or the peer does not say. */
  readonly reason: string | null;
  /** Null: the peer speaks plain A2A. */
  readonly extension: TaskExtension | null;
}

const STATES: Readonly<Record<TaskPhase, string>> = {
  accepted: "TASK_STATE_SUBMITTED",
  starting: "TASK_STATE_WORKING",
  working: "TASK_STATE_WORKING",
  completed: "TASK_STATE_COMPLETED",
  failed: "TASK_STATE_FAILED",
  canceled: "TASK_STATE_CANCELED",
  rejected: "TASK_STATE_REJECTED",
  interrupted: "TASK_STATE_FAILED",
};
const PHASES: Readonly<Record<string, TaskPhase>> = {
  TASK_STATE_SUBMITTED: "accepted",
  TASK_STATE_WORKING: "working",
  TASK_STATE_COMPLETED: "completed",
  TASK_STATE_FAILED: "failed",
  TASK_STATE_CANCELED: "canceled",
  TASK_STATE_REJECTED: "rejected",
  // Nobody here could answer it.
  TASK_STATE_INPUT_REQUIRED: "failed",
  TASK_STATE_AUTH_REQUIRED: "failed",
};

const MAX_ID = 256;
const MAX_REASON = 1_024;
const MAX_RAN = 100;

/** Whether nothing more comes of it. */
export function isTaskEnd(phase: TaskPhase): boolean {
  return phase !== "accepted" && phase !== "starting" && phase !== "working";
}

/** A2A's word for it. */
export function stateOf(phase: TaskPhase): string {
  return STATES[phase];
}

export function writeTask({ id, context, extension, result, asked }: ToldTask): object {
  const { phase, reason, messageId, acceptedAtMs, startedAtMs, endedAtMs } = extension;
  const said = (what: string, role: string, text: string) => ({
    messageId: what,
    contextId: context,
    taskId: id,
    role,
    parts: [{ text }],
  });
  return {
    id,
    contextId: context,
    status: {
      state: STATES[phase],
      timestamp: isoTime(endedAtMs ?? startedAtMs ?? acceptedAtMs),
      ...(reason === null ? {} : { message: said(`${id}-status`, "ROLE_AGENT", reason) }),
    },
    ...(result === null ? {} : { artifacts: [{ artifactId: "result", parts: [{ text: result }] }] }),
    ...(asked === null ? {} : { history: [said(messageId, "ROLE_USER", asked)] }),
    metadata: { [EXTENSION]: extension },
  };
}

/**
 * @param answer `Task`, or the `{ task }` or `{ message }` that `SendMessage` answers with
 * @param maxResult UTF-16 units of the result that are kept
 * @returns null for what is no task
 */
export function readTask(answer: unknown, maxResult: number): ReadTask | null {
  const message = fieldOf(answer, "message");
  if (message !== undefined) {
    const { text, isCut } = textOf([message], maxResult);
    return { ...NOTHING, context: idOf(message, "contextId"), phase: "completed", result: text, isCut };
  }
  const task = fieldOf(answer, "task") ?? answer;
  const id = idOf(task, "id");
  const status = fieldOf(task, "status");
  const state = fieldOf(status, "state");
  const plain = typeof state === "string" && Object.hasOwn(PHASES, state) ? PHASES[state] : undefined;
  if (id === null || plain === undefined) return null;
  const extension = readTaskExtension(fieldOf(fieldOf(task, "metadata"), EXTENSION));
  const phase = extension?.phase ?? plain;
  const said = textOf([fieldOf(status, "message")], MAX_REASON).text;
  const artifacts = itemsOf(fieldOf(task, "artifacts"));
  const { text, isCut } = textOf(artifacts, maxResult);
  // Plain servers put the answer into the status, or nowhere.
  const result = text ?? (phase === "completed" ? said : null);
  const why = extension?.reason ?? (isTaskEnd(phase) && phase !== "completed" ? said : null);
  const reason = why === null ? null : safe(shortened(why, MAX_REASON));
  return { id, context: idOf(task, "contextId"), phase, result, isCut, reason, extension };
}

const NOTHING = { id: null, reason: null, extension: null } as const;

/** Null where the peer brings none, or none that can be read: then it is a plain A2A server's task. */
function readTaskExtension(given: unknown): TaskExtension | null {
  const messageId = idOf(given, "messageId");
  const gateway = idOf(given, "gateway");
  const phase = TASK_PHASES.find((known) => known === fieldOf(given, "phase"));
  const acceptedAtMs = timeOf(given, "acceptedAtMs");
  const nowMs = timeOf(given, "nowMs");
  if (
    messageId === null ||
    gateway === null ||
    phase === undefined ||
    acceptedAtMs === null ||
    nowMs === null
  )
    return null;
  const reason = fieldOf(given, "reason");
  return {
    messageId,
    gateway,
    phase,
    // Only what is told as false is false.
    mayHaveRun: fieldOf(given, "mayHaveRun") !== false,
    acceptedAtMs,
    startedAtMs: timeOf(given, "startedAtMs"),
    endedAtMs: timeOf(given, "endedAtMs"),
    nowMs,
    reason: typeof reason === "string" ? safe(shortened(reason.slice(0, 4 * MAX_REASON), MAX_REASON)) : null,
    ran: itemsOf(fieldOf(given, "ran")).slice(0, MAX_RAN).flatMap(readRan),
    tokens: timeOf(given, "tokens"),
  };
}

function readRan(given: unknown): readonly RanTool[] {
  const tool = idOf(given, "tool");
  const calls = timeOf(given, "calls");
  if (tool === null || calls === null) return [];
  return [{ tool, node: idOf(given, "node"), country: idOf(given, "country"), calls }];
}

function textOf(holders: readonly unknown[], most: number): { text: string | null; isCut: boolean } {
  let text: string | null = null;
  for (const part of holders.flatMap((holder) => itemsOf(fieldOf(holder, "parts")))) {
    const more = fieldOf(part, "text");
    if (typeof more !== "string") continue;
    text = text === null ? more : `${text}\n${more}`;
    if (text.length > most) return { text: text.slice(0, most).toWellFormed(), isCut: true };
  }
  return { text: text?.toWellFormed() ?? null, isCut: false };
}

function idOf(holder: unknown, key: string): string | null {
  const value = fieldOf(holder, key);
  return typeof value === "string" && value !== "" && value.length <= MAX_ID ? safe(value) : null;
}

function timeOf(holder: unknown, key: string): number | null {
  const value = fieldOf(holder, key);
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}
