// How that ended of which there is a record. Pure.
import type { ErrorCode } from "../../shared/errorCatalogue.ts";
import type { Outcome } from "../transports/transport.ts";
import type { InputSubject } from "./ledgerSubject.ts";

/** What became of a call. `left`: OpenClaw did with it what it does without rules. */
export type CallOutcome = "ran" | "refused" | "not-started" | "unknown" | "left";

/**
 * How it ended. Calls: as `CallOutcome` says; commands: `ran`; file changes, input and delegations: `done` or
 * `failed`; all: `not-started`, `unknown`.
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
  /** The exact answer to a task, of which the record keeps the hash; absent: there is none. */
  readonly answer?: string;
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
