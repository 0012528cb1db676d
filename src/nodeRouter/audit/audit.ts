// The audit: who ran what on which node, and how it ended. One record a command and file change over SSH.
import { join } from "node:path";
import { messageOf, NodeRouterError } from "../../errors.ts";
import { quote, safe } from "../../safeText.ts";
import type { AuditMode } from "../../types.ts";
import { createAuditFile } from "./auditFile.ts";
import { type AuditFs, nodeAuditFs } from "./auditFs.ts";
import { createJournal } from "./journal.ts";
import { type AuditResult, type AuditSubject, announcementLine, recordLine } from "./record.ts";

/** Bytes: a file that an editor still opens. With MAX_FILES, what the audit takes on the disk at most. */
export const MAX_FILE_BYTES = 10 * 1024 * 1024;
export const MAX_FILES = 10;

/**
 * Use: `await audit.begin(subject)` right before the dispatch, `audit.end(subject, result)` when the outcome is
 * known, with the same `subject` object.
 */
export interface Audit {
  /**
   * `strict`: resolves when the announcement is on the disk; throws AUDIT_UNAVAILABLE when it is not, and then
   * nothing may run (the record of that is written here, if it can be: no `end`). Other modes: resolves at once.
   */
  begin(subject: AuditSubject): Promise<void>;
  /** Takes the record; it is written behind the call. Never throws. */
  end(subject: AuditSubject, result: AuditResult): void;
  /** Resolves when everything is in the file, or cannot be now. */
  flush(): Promise<void>;
  state(): AuditState;
  /** Writes what waits and closes the file; a later call opens it again. */
  close(): Promise<void>;
}

export interface AuditState {
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
}

export interface AuditOptions {
  /** Asked at every call, so that a config reload holds at once. */
  readonly mode: () => AuditMode;
  /** Whether records keep the command's text. */
  readonly keepText: () => boolean;
  /** The folder; see `auditFolder`. */
  readonly folder: string;
  /** Epoch ms. */
  readonly now: () => number;
  readonly log: AuditLog;
  readonly fs?: AuditFs;
  readonly maxFileBytes?: number;
  readonly maxFiles?: number;
}

/** What of a logger is used. */
export interface AuditLog {
  warn(facts: object, message: string): void;
  info(facts: object, message: string): void;
}

/** @param stateFolder the host's: `api.runtime.state.resolveStateDir()`. The manifest's backupResources names it. */
export function auditFolder(stateFolder: string): string {
  return join(stateFolder, "node-router", "audit");
}

/** One a process, kept in the shared state: two would rotate the file under each other. Opens nothing yet. */
export function createAudit(options: AuditOptions): Audit {
  const { mode, keepText, now, log } = options;
  const file = join(options.folder, "audit.jsonl");
  const journal = createJournal(
    createAuditFile({
      file,
      fs: options.fs ?? nodeAuditFs,
      maxFileBytes: options.maxFileBytes ?? MAX_FILE_BYTES,
      maxFiles: options.maxFiles ?? MAX_FILES,
      onRotationError: once((error) =>
        log.warn({ file, reason: messageOf(error) }, "the audit file cannot be put aside; it grows on"),
      ),
    }),
    ({ lastError, lost }) => {
      if (lastError === null) log.info({ file, lost }, "audit records are written again");
      else log.warn({ file, reason: lastError }, "AUDIT_UNAVAILABLE: audit records cannot be written");
    },
  );
  /** Announced ones get their record even when the mode has changed meanwhile. */
  const announced = new WeakSet<AuditSubject>();
  let refused = 0;

  return {
    async begin(subject) {
      if (mode() !== "strict") return;
      try {
        await journal.commit(announcementLine(subject, keepText()));
        announced.add(subject);
      } catch (error) {
        refused++;
        // The announcement may be in the file in spite of the error: a reader is told that nothing ran.
        journal.append(recordLine(subject, REFUSED, now(), keepText()));
        throw unavailable(file, subject, error);
      }
    },

    end(subject, result) {
      if (mode() === "off" && !announced.has(subject)) return;
      journal.append(recordLine(subject, result, now(), keepText()));
    },

    flush: () => journal.flush(),

    state() {
      const { written, lost, waiting, lastError } = journal.state();
      return { mode: mode(), file, written, failed: lost, waiting, refused, lastError };
    },

    close: () => journal.close(),
  };
}

const REFUSED: AuditResult = {
  outcome: "not-started",
  exitCode: null,
  signal: null,
  processGroup: null,
  bytesIn: null,
  bytesOut: null,
  error: "AUDIT_UNAVAILABLE",
};

function unavailable(file: string, subject: AuditSubject, cause: unknown): NodeRouterError {
  const what = subject.kind === "command" ? "the command" : `${quote(subject.operation)} of a file`;
  return new NodeRouterError(
    "AUDIT_UNAVAILABLE",
    `${what} was not recorded in ${quote(file)}: ${safe(messageOf(cause))}; nothing ran. Mend that, or set plugins.entries.node-router.config.audit to "best-effort".`,
    { cause },
  );
}

function once(tell: (error: unknown) => void): (error: unknown) => void {
  let told = false;
  return (error) => {
    if (told) return;
    told = true;
    tell(error);
  };
}
