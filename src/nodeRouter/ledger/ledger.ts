// What the rest of the plugin knows of the ledger: what was decided of which call, where it ran, and how it ended.
import { join } from "node:path";
import { defineSlot } from "../../shared/processMemory.ts";
import type { AuditMode } from "../../shared/types.ts";
import type { Link } from "./chain.ts";
import type { LedgerResult } from "./ledgerResult.ts";
import type { CallSubject, DelegationSubject, LedgerSubject } from "./ledgerSubject.ts";
import type { Untaken } from "./shares.ts";

/**
 * The room's files, keys of the config and words for people are called audit: they were there before the ledger.
 *
 * Use: `await audit.begin(subject)` right before the dispatch, `audit.end(subject, result)` when the outcome is
 * known, with the same `subject` object.
 */
export interface Ledger {
  /**
   * `strict`: resolves when the announcement is on the disk; throws AUDIT_UNAVAILABLE when it is not, or when the
   * agent's share is used up, and then nothing may run (the record of that is written here, if it can be: no `end`).
   * Other modes: resolves at once.
   */
  begin(subject: LedgerSubject): Promise<void>;
  /** The ledger's newest file, absolute; the others are beside it. */
  readonly file: string;
  /** Marks the records of this life of the gateway. */
  readonly writer: string;
  /** Whether nothing may run without a record on the disk. */
  isStrict(): boolean;
  /**
   * Takes the announcement of a call or a delegation, if the agent's share has room for it and its record; it is
   * written behind it in every mode. Never throws.
   */
  open(subject: CallSubject | DelegationSubject): void;
  /**
   * Takes the record, if the agent's share has room for it; it is written behind the call. Never throws.
   * @param opened the call that it is the end of, where that is another subject.
   */
  end(subject: LedgerSubject, result: LedgerResult, opened?: CallSubject | null): void;
  /** What `endLate` needs of a subject, for whoever may be there to tell its end when this gateway is not any more. */
  announcement(subject: LedgerSubject): string;
  /** The record of what an earlier life of the gateway had begun. What is no `announcement` is left out. Never throws. */
  endLate(announcement: string, result: LedgerResult): void;
  /** Resolves when everything is in the file, or cannot be now. */
  flush(): Promise<void>;
  state(): LedgerState;
  /** Writes what waits and closes the file; a later call opens it again. */
  close(): Promise<void>;
}

export interface LedgerState {
  readonly mode: AuditMode;
  readonly file: string;
  /** Records that are in the file, since the gateway started. */
  readonly written: number;
  /** Records that are lost. */
  readonly failed: number;
  /** Records that wait for the disk. */
  readonly waiting: number;
  /** Calls that `strict` refused. */
  readonly refused: number;
  /** Null while writing works. */
  readonly lastError: string | null;
  /** The newest record; an outside copy of it proves later that nothing up to it was cut off. Null: none is known. */
  readonly head: Link | null;
  /** Ends of calls and commands since the gateway started. */
  readonly ends: Readonly<Partial<Record<LedgerResult["outcome"], number>>>;
  /** Agents whose share of the audit is used up, with what was not taken of each since. */
  readonly full: readonly Untaken[];
}

/** @param stateFolder the host's: `api.runtime.state.resolveStateDir()`. The manifest's backupResources names it. */
export function ledgerFolder(stateFolder: string): string {
  return join(stateFolder, "node-router", "audit");
}

/** One a process: two would rotate the file under each other. Empty until the first registration. */
export const LEDGER = defineSlot<Ledger>("ledger", 1);
