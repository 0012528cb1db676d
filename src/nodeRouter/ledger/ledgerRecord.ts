// How a record is written: one line of JSON, bounded, with the hash of what it does not hold. Pure.
import { createHash } from "node:crypto";
import { isoTime } from "../../shared/isoTime.ts";
import { isRecord } from "../../shared/isRecord.ts";
import { readJson } from "../../shared/jsonParts.ts";
import { safeJson } from "../../shared/safeText.ts";
import type { LedgerResult } from "./ledgerResult.ts";
import type { LedgerSubject } from "./ledgerSubject.ts";
import { DAY_MS, type Untaken } from "./shares.ts";
import type { LedgerLimits } from "./usage.ts";

/** Raised when a field changes its meaning; new fields do not raise it. */
const VERSION = 1;

/** UTF-8 bytes of a command's text that a record keeps; the hash is of the whole. */
export const MAX_COMMAND_BYTES = 8 * 1024;

/** Characters of every other text. SECURITY: who is audited chooses some, and must not fill the audit with them. */
const MAX_TEXT_LENGTH = 512;

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
  const answer = result.answer === undefined ? {} : { resultSha256: sha256(result.answer) };
  return {
    processGroup,
    outcome,
    exitCode,
    signal: shortOrNull(signal),
    bytesIn,
    bytesOut,
    error,
    ...answer,
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
  if (subject.kind === "delegation") {
    const { direction, peer, peerAgent, chain, task } = subject;
    return {
      ...who,
      direction,
      peer: shortOrNull(peer),
      peerAgent: shortOrNull(peerAgent),
      chain: chain.map(short),
      taskSha256: sha256(task),
      taskBytes: Buffer.byteLength(task),
      ...(keepText ? keptText("task", Buffer.from(task)) : {}),
    };
  }
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
    const { candidates, movedFrom, delegation } = subject;
    const moved = movedFrom === null ? {} : { movedFrom: short(movedFrom) };
    const given =
      delegation === undefined ? {} : { delegation: short(delegation.id), peer: short(delegation.peer) };
    return { ...who, place: at, candidates, ...moved, ...given, ...text };
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
function keptText(name: "command" | "input" | "task", bytes: Buffer): object {
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
