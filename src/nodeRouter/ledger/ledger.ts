// The ledger: what was decided of which call, where it ran, and how it ended; one chain of records for all transports.
import { join } from "node:path";
import { messageOf, NodeRouterError } from "../../shared/errors.ts";
import { defineSlot } from "../../shared/processMemory.ts";
import { coded, type Refusal, refusal } from "../../shared/refusal.ts";
import { quote, safe } from "../../shared/safeText.ts";
import { stateFile } from "../../shared/stateFile.ts";
import type { AuditMode } from "../../shared/types.ts";
import { type Link, SEAL_BYTES } from "./chain.ts";
import { createJournal } from "./journal.ts";
import { createLedgerFile } from "./ledgerFile.ts";
import { type LedgerFs, nodeLedgerFs } from "./ledgerFs.ts";
import {
  announcementLine,
  type CallSubject,
  type LedgerResult,
  type LedgerSubject,
  lateRecordLine,
  recordLine,
  removedLine,
  untakenLine,
} from "./ledgerRecord.ts";
import { scanLedger } from "./scan.ts";
import { createShares, DAY_MS, DEFAULT_LIMITS, MIB, type Untaken } from "./shares.ts";
import { agentOfLine, createLedgerUsage, type LedgerLimits } from "./usage.ts";

/** Bytes: a file that an editor still opens. */
export const MAX_LEDGER_FILE_BYTES = 10 * 1024 * 1024;

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
   * Takes the announcement of a call, if the agent's share has room for it and its record; it is written behind the
   * call in every mode. Never throws.
   */
  open(subject: CallSubject): void;
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

export interface LedgerOptions {
  /** Asked at every call, so that a config reload holds at once. */
  readonly mode: () => AuditMode;
  /** Whether records keep the command's text. */
  readonly keepText: () => boolean;
  /** The folder; see `ledgerFolder`. */
  readonly folder: string;
  /** Epoch ms. */
  readonly now: () => number;
  readonly log: LedgerLog;
  readonly fs?: LedgerFs;
  readonly maxFileBytes?: number;
  /** Asked at every call. */
  readonly limits?: () => LedgerLimits;
}

/** What of a logger is used. */
export interface LedgerLog {
  warn(facts: object, message: string): void;
  info(facts: object, message: string): void;
}

/** @param stateFolder the host's: `api.runtime.state.resolveStateDir()`. The manifest's backupResources names it. */
export function ledgerFolder(stateFolder: string): string {
  return join(stateFolder, "node-router", "audit");
}

/** One a process: two would rotate the file under each other. Empty until the first registration. */
export const LEDGER = defineSlot<Ledger>("ledger", 1);

/** Opens nothing yet. */
export function createLedger(options: LedgerOptions): Ledger {
  const { mode, keepText, now, log, fs = nodeLedgerFs, limits = () => DEFAULT_LIMITS } = options;
  const file = join(options.folder, "audit.jsonl");
  const usage = createLedgerUsage(now);
  const notes = stateFile(`${options.folder}-usage.json`);
  /** What an earlier life of the gateway left; no record is written before that is counted. */
  let isCounted = false;
  let counting: Promise<void> | null = null;
  const count = (): Promise<void> => {
    counting ??= scanLedger(fs, file, notes).then(
      ({ current, aside }) => {
        usage.found(current, aside);
        isCounted = true;
      },
      // What keeps it from being read keeps it from being written, too, and is told there.
      () => {
        counting = null;
      },
    );
    return counting;
  };
  /** Null: nothing is to be waited for. */
  const ready = (): Promise<void> | null => (isCounted ? null : count());
  const store = createLedgerFile({
    file,
    fs,
    ready,
    maxFileBytes: options.maxFileBytes ?? MAX_LEDGER_FILE_BYTES,
    onRotated(bytes) {
      usage.rotated(bytes);
      tellHead();
      // So that the next start need not read it; a small one is read as fast.
      if (bytes > MIB) void scanLedger(fs, file, notes).catch(() => {});
      return usage.removable(limits(), 0);
    },
    onRemoved(count, first) {
      usage.removed(count);
      journal.append(removedLine(count, first, now()));
    },
    onRotationError: once((error) =>
      log.warn({ file, reason: messageOf(error) }, "the audit file cannot be put aside; it grows on"),
    ),
  });
  /** Whoever keeps the log elsewhere has a witness. */
  const tellHead = (): void => {
    const head = store.head();
    if (head !== null) log.info({ file, record: head.n, hash: head.hash }, "the ledger's newest record");
  };
  const journal = createJournal(store, ({ lastError, lost }) => {
    if (lastError === null) log.info({ file, lost }, "audit records are written again");
    else log.warn({ file, reason: lastError }, coded("AUDIT_UNAVAILABLE", "audit records cannot be written"));
  });
  const shares = createShares(usage, limits, (untaken) => {
    journal.append(untakenLine(untaken, limits(), now()));
    // In the background: a reader of the log learns of the first, not of every one.
    if (untaken.refused + untaken.dropped > 1) return;
    log.warn({ file, agent: untaken.agent }, coded("AUDIT_UNAVAILABLE", shareText(untaken.agent, limits())));
  });
  /** Announced ones get their record even when the mode has changed meanwhile: room for it was taken before. */
  const announced = new WeakMap<LedgerSubject, number>();
  const ends: Partial<Record<LedgerResult["outcome"], number>> = {};
  let refused = 0;

  return {
    file,
    writer: store.writer,
    isStrict: () => mode() === "strict",

    async begin(subject) {
      if (mode() !== "strict") return;
      const line = announcementLine(subject, keepText());
      const agent = subject.agent ?? "";
      const counted = ready();
      if (counted !== null) await counted;
      const bytes = sizeOf(line);
      const recordBytes = bytes + RESULT_BYTES;
      if (!shares.takes(agent, bytes + recordBytes, "refused")) {
        refused++;
        throw notRecorded(file, subject, shareText(agent, limits()), { advice: RAISE_SHARE });
      }
      usage.charge(agent, bytes + recordBytes);
      try {
        await journal.commit(line);
        announced.set(subject, recordBytes);
      } catch (error) {
        refused++;
        // The announcement may be in the file in spite of the error: a reader is told that nothing ran.
        journal.append(recordLine(subject, REFUSED, now(), keepText()));
        throw notRecorded(file, subject, safe(messageOf(error)), {}, { cause: error });
      }
    },

    open(subject) {
      if (mode() === "off") return;
      const line = announcementLine(subject, keepText());
      const agent = subject.agent ?? "";
      void ready();
      const bytes = sizeOf(line);
      const recordBytes = bytes + RESULT_BYTES;
      if (!shares.takes(agent, bytes + recordBytes, "dropped")) return;
      usage.charge(agent, bytes + recordBytes);
      journal.append(line);
      announced.set(subject, recordBytes);
    },

    end(subject, result, opened = null) {
      const taken = announced.get(subject) ?? (opened === null ? undefined : announced.get(opened));
      if (subject.kind === "call" || subject.kind === "command")
        ends[result.outcome] = (ends[result.outcome] ?? 0) + 1;
      if (mode() === "off" && taken === undefined) return;
      const line = recordLine(subject, result, now(), keepText());
      const bytes = sizeOf(line);
      const agent = subject.agent ?? "";
      void ready();
      if (taken === undefined && !shares.takes(agent, bytes, "dropped")) return;
      usage.charge(agent, Math.max(0, bytes - (taken ?? 0)));
      journal.append(line);
    },

    announcement: (subject) => announcementLine(subject, keepText()),

    endLate(announcement, result) {
      const line = mode() === "off" ? null : lateRecordLine(announcement, result, now());
      if (line === null) return;
      void ready();
      const bytes = sizeOf(line);
      const agent = agentOfLine(line);
      // A strict one has its room, for it was announced; where it was not, that life was not strict.
      if (mode() !== "strict" && !shares.takes(agent, bytes, "dropped")) return;
      usage.charge(agent, bytes);
      journal.append(line);
    },

    flush: () => journal.flush(),

    state() {
      const { written, lost, waiting, lastError } = journal.state();
      return {
        mode: mode(),
        file,
        written,
        failed: lost,
        waiting,
        refused,
        lastError,
        head: store.head(),
        ends: { ...ends },
        full: shares.full(),
      };
    },

    close() {
      shares.flush();
      return journal.close();
    },
  };
}

function sizeOf(line: string): number {
  return Buffer.byteLength(line) + SEAL_BYTES;
}

/** What a record has beyond its announcement, at most. */
const RESULT_BYTES = 512;

const REFUSED: LedgerResult = {
  outcome: "not-started",
  exitCode: null,
  signal: null,
  processGroup: null,
  bytesIn: null,
  bytesOut: null,
  error: "AUDIT_UNAVAILABLE",
};

const RAISE_SHARE =
  'Let the operator look what the agent does, then raise plugins.entries.node-router.config.auditAgentMiB, or set plugins.entries.node-router.config.audit to "best-effort"';

const WHAT: Readonly<Record<string, string>> = { command: "the command", call: "the call" };

function notRecorded(
  file: string,
  { kind, operation }: LedgerSubject,
  reason: string,
  told: Partial<Pick<Refusal, "advice">>,
  options?: { readonly cause: unknown },
): NodeRouterError {
  const [what, nothingRan] =
    kind === "input"
      ? ["input to the running command", "neither it nor what follows was sent, end the command with kill"]
      : [WHAT[kind] ?? `${quote(operation)} of a file`, "nothing ran"];
  const fact = `${what} was not recorded in ${quote(file)}: ${reason}`;
  return new NodeRouterError(refusal("AUDIT_UNAVAILABLE", fact, { nothingRan, ...told }), options);
}

/** `agent "worker-sg" has used up its share of the audit, 64 MiB in 30 days`. */
function shareText(agent: string, { agentBytes, keepMs }: LedgerLimits): string {
  const who = agent === "" ? "what belongs to no agent" : `agent ${quote(agent)}`;
  const size = Math.round((agentBytes / MIB) * 100) / 100;
  const days = Math.round((keepMs / DAY_MS) * 100) / 100;
  return `${who} has used up its share of the audit, ${size} MiB in ${days} days`;
}

function once(tell: (error: unknown) => void): (error: unknown) => void {
  let told = false;
  return (error) => {
    if (told) return;
    told = true;
    tell(error);
  };
}
