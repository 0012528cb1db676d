// What one record says, and how it is written as one line of JSON. Pure.
import { createHash } from "node:crypto";
import type { ErrorCode } from "../../shared/errorCatalogue.ts";
import { isoTime } from "../../shared/isoTime.ts";
import { isRecord } from "../../shared/isRecord.ts";
import { readJson } from "../../shared/jsonParts.ts";
import { safeJson } from "../../shared/safeText.ts";
import type { Transport } from "../../shared/types.ts";
import type { Outcome } from "../transports/transport.ts";
import { DAY_MS, type Untaken } from "./shares.ts";
import type { LedgerLimits } from "./usage.ts";

/** Raised when a field changes its meaning; new fields do not raise it. */
const VERSION = 1;

/** UTF-8 bytes of a command's text that a record keeps; the hash is of the whole. */
export const MAX_COMMAND_BYTES = 8 * 1024;

/** Characters of every other text. SECURITY: who is audited chooses some, and must not fill the audit with them. */
const MAX_TEXT_LENGTH = 512;

/** What is known before a command is sent, or a file is changed. */
export type LedgerSubject = CallSubject | CommandSubject | FileSubject | InputSubject;

/** One call of a tool, from its decision on. `operation` is the tool. */
export interface CallSubject extends CommonSubject {
  readonly kind: "call";
  /** Of the node, when it was decided; null: nobody knew, or there is no node. */
  readonly place: { readonly country: string; readonly source: string } | null;
  /** How many nodes were looked at, and how many of them fitted; null: none was looked at. */
  readonly candidates: { readonly total: number; readonly fitting: number } | null;
  /** The node that the session's workspace was on until this call; null: it was nowhere else. */
  readonly movedFrom: string | null;
  /** Of `exec`; null for other tools. */
  readonly command: string | null;
}

export interface CommandSubject extends CommonSubject {
  readonly kind: "command";
  /** The exact text that is to be run. */
  readonly command: string;
  readonly cwd: string | null;
  /** As of the call that it is for; absent: nobody knew. */
  readonly place?: CallSubject["place"];
}

export interface FileSubject extends CommonSubject {
  readonly kind: "file";
  /** Absolute path on the node. */
  readonly path: string;
}

/** Input that is sent to a command that runs: to a shell it is a command. */
export interface InputSubject extends CommonSubject {
  readonly kind: "input";
  /** `id` of the command's own record. */
  readonly commandId: string;
  readonly bytes: Buffer;
}

interface CommonSubject {
  /** One a command or file change, unique: the decision's id, or one of its own where a decision covers several. */
  readonly id: string;
  /** Epoch ms. */
  readonly startMs: number;
  /** `exec`, `write`, `remove`, … */
  readonly operation: string;
  /** Null: none was decided. */
  readonly node: string | null;
  /** Null: no node was decided yet. */
  readonly transport: Transport | null;
  /** The rule that chose the node. */
  readonly rule: string | null;
  /** Null where the host does not say. */
  readonly agent: string | null;
  readonly sessionKey: string | null;
  readonly runId: string | null;
  readonly toolCallId: string | null;
}

/** What became of a call. `left`: OpenClaw did with it what it does without rules. */
export type CallOutcome = "ran" | "refused" | "not-started" | "unknown" | "left";

/**
 * How it ended. Calls: as `CallOutcome` says; commands: `ran`; file changes and input: `done` or `failed`; all:
 * `not-started`, `unknown`.
 */
export interface LedgerResult {
  readonly outcome: CallOutcome | "done" | "failed";
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Of the command on the node; null when it was not told. */
  readonly processGroup: number | null;
  /** Bytes sent to the command or into the file, and bytes that came back; null when not counted. */
  readonly bytesIn: number | null;
  readonly bytesOut: number | null;
  readonly error: ErrorCode | null;
  /** The words of a refusal; absent: there are none. */
  readonly reason?: string;
}

/** Of what nobody counted. */
export const UNCOUNTED = { processGroup: null, bytesIn: null, bytesOut: null } as const;

/** Of a call: nothing of it was counted. */
export function callResult(outcome: CallOutcome, error: ErrorCode | null, reason?: string): LedgerResult {
  const why = reason === undefined ? {} : { reason };
  return { outcome, error, exitCode: null, signal: null, ...UNCOUNTED, ...why };
}

/** The result of a command whose outcome is known. `processGroup` is what `started` told. */
export function commandResult(
  outcome: Outcome,
  facts: Pick<LedgerResult, "processGroup" | "bytesIn" | "bytesOut">,
): LedgerResult {
  const result = { ...facts, exitCode: null, signal: null };
  switch (outcome.kind) {
    case "ran": {
      const { exitCode, signal } = outcome;
      return { ...result, outcome: "ran", exitCode, signal, error: null };
    }
    case "notStarted":
      return { ...result, outcome: "not-started", error: outcome.code };
    case "unknown": {
      const group = outcome.processGroup ?? facts.processGroup;
      return { ...result, outcome: "unknown", processGroup: group, error: outcome.code };
    }
  }
}

/** @param isSent it was handed to the command; what the command did with it nobody is told. */
export function inputResult({ bytes }: InputSubject, isSent: boolean): LedgerResult {
  const result = { exitCode: null, signal: null, processGroup: null, bytesOut: null, error: null };
  return { ...result, outcome: isSent ? "done" : "failed", bytesIn: isSent ? bytes.length : 0 };
}

/** The line that announces what is about to be done, with its line feed. */
export function announcementLine(subject: LedgerSubject, keepText: boolean): string {
  return lineOf({ ...headOf("begin", subject), ...subjectOf(subject, keepText) });
}

/** The record itself: the one line that tells what was done, with its line feed. */
export function recordLine(
  subject: LedgerSubject,
  result: LedgerResult,
  endMs: number,
  keepText: boolean,
): string {
  return lineOf({
    ...headOf("end", subject),
    end: isoTime(endMs),
    ...subjectOf(subject, keepText),
    ...endOf(result),
  });
}

function endOf(result: LedgerResult): object {
  const { outcome, exitCode, signal, processGroup, bytesIn, bytesOut, error } = result;
  const reason = result.reason === undefined ? {} : { reason: short(result.reason) };
  return {
    processGroup,
    outcome,
    exitCode,
    signal: shortOrNull(signal),
    bytesIn,
    bytesOut,
    error,
    ...reason,
  };
}

/**
 * The record of a command whose gateway ended before it: `announcement` is what `announcementLine` once made of it.
 * Null: it is none. With its line feed.
 */
export function lateRecordLine(announcement: string, result: LedgerResult, endMs: number): string | null {
  const begun = readJson(announcement);
  if (!isRecord(begun) || begun.v !== VERSION || begun.phase !== "begin") return null;
  return lineOf({ ...begun, phase: "end", end: isoTime(endMs), ...endOf(result) });
}

/** The note that old files were removed. `first`: what the first record that is left says stood before it. */
export function removedLine(files: number, first: string | null, nowMs: number): string {
  const start = isoTime(nowMs);
  return lineOf({
    v: VERSION,
    phase: "note",
    id: "removed",
    start,
    agent: null,
    kind: "removed",
    files,
    first,
  });
}

/** The note that records of an agent were not taken, because its share is used up; with its line feed. */
export function untakenLine(
  { agent, refused, dropped }: Untaken,
  { agentBytes, keepMs }: LedgerLimits,
  nowMs: number,
): string {
  return lineOf({
    v: VERSION,
    phase: "note",
    id: "share-used",
    start: isoTime(nowMs),
    agent: agent === "" ? null : short(agent),
    kind: "share-used",
    shareBytes: agentBytes,
    shareDays: keepMs / DAY_MS,
    refused,
    dropped,
  });
}

function headOf(phase: "begin" | "end", { id, startMs }: LedgerSubject): object {
  return { v: VERSION, phase, id: short(id), start: isoTime(startMs) };
}

function subjectOf(subject: LedgerSubject, keepText: boolean): object {
  const who = {
    agent: shortOrNull(subject.agent),
    sessionKey: shortOrNull(subject.sessionKey),
    runId: shortOrNull(subject.runId),
    toolCallId: shortOrNull(subject.toolCallId),
    kind: subject.kind,
    operation: short(subject.operation),
    node: shortOrNull(subject.node),
    transport: subject.transport,
    rule: shortOrNull(subject.rule),
  };
  if (subject.kind === "file")
    return { ...who, path: short(subject.path), ...hashOfCut("path", subject.path) };
  if (subject.kind === "input") {
    const { bytes, commandId } = subject;
    return {
      ...who,
      commandId: short(commandId),
      inputSha256: sha256(bytes),
      inputBytes: bytes.length,
      ...(keepText ? keptText("input", bytes) : {}),
    };
  }
  const { command } = subject;
  const text =
    command === null
      ? {}
      : {
          commandSha256: sha256(command),
          ...(keepText ? keptText("command", Buffer.from(command)) : {}),
        };
  const { place = null } = subject;
  const at = place === null ? null : { country: short(place.country), source: short(place.source) };
  if (subject.kind === "call") {
    const { candidates, movedFrom } = subject;
    const moved = movedFrom === null ? {} : { movedFrom: short(movedFrom) };
    return { ...who, place: at, candidates, ...moved, ...text };
  }
  const { cwd } = subject;
  return {
    ...who,
    ...(at === null ? {} : { place: at }),
    ...text,
    cwd: shortOrNull(cwd),
    ...hashOfCut("cwd", cwd),
  };
}

/** What is cut can still be told from another one. */
function hashOfCut(name: "path" | "cwd", text: string | null): object {
  if (text === null || short(text) === text) return {};
  return { [`${name}Sha256`]: sha256(text) };
}

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Bytes that are no text are marks in it; the hash is of the bytes. */
function keptText(name: "command" | "input", bytes: Buffer): object {
  const cut = bytes.length > MAX_COMMAND_BYTES;
  let end = cut ? MAX_COMMAND_BYTES : bytes.length;
  // Not inside a character: its bytes after the first begin with 10.
  while (cut && end > MAX_COMMAND_BYTES - 4 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return { [name]: bytes.toString("utf8", 0, end), [`${name}Cut`]: cut };
}

/** SECURITY: one line whatever the values hold, and harmless on a terminal. */
function lineOf(record: object): string {
  return `${safeJson(record, 0)}\n`;
}

function shortOrNull(text: string | null): string | null {
  return text === null ? null : short(text);
}

function short(text: string): string {
  return text.length <= MAX_TEXT_LENGTH ? text : `${text.slice(0, MAX_TEXT_LENGTH - 1)}…`;
}
