// Keeps the ledger: one chain of records for all transports, counted to each agent's share, on the disk before a strict call runs.
import { join } from "node:path";
import { atMost } from "../../shared/deadline.ts";
import { messageOf } from "../../shared/errors.ts";
import { coded } from "../../shared/refusal.ts";
import { stateFile } from "../../shared/stateFile.ts";
import type { AuditMode } from "../../shared/types.ts";
import { SEAL_BYTES } from "./chain.ts";
import { createJournal } from "./journal.ts";
import type { Ledger } from "./ledger.ts";
import { createLedgerFile } from "./ledgerFile.ts";
import { type LedgerFs, nodeLedgerFs } from "./ledgerFs.ts";
import { announcementLine, lateRecordLine, recordLine, removedLine, untakenLine } from "./ledgerRecord.ts";
import type { LedgerResult } from "./ledgerResult.ts";
import type { LedgerSubject } from "./ledgerSubject.ts";
import { notWritten, shareText, shareUsedUp } from "./notRecorded.ts";
import { scanLedger } from "./scan.ts";
import { createShares, DEFAULT_LIMITS, MIB } from "./shares.ts";
import { agentOfLine, createLedgerUsage, type LedgerLimits, removable } from "./usage.ts";

/** Bytes: a file that an editor still opens. */
export const MAX_LEDGER_FILE_BYTES = 10 * 1024 * 1024;

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

/** Opens nothing yet. */
export function createLedger(options: LedgerOptions): Ledger {
  const { mode, keepText, now, log, fs = nodeLedgerFs, limits = () => DEFAULT_LIMITS } = options;
  const file = join(options.folder, "audit.jsonl");
  const usage = createLedgerUsage(now);
  const notes = stateFile(`${options.folder}-usage.json`);
  /** Behind the calls; whoever closes it may take its folder away. */
  let noting: Promise<void> = Promise.resolve();
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
    retention: {
      removable(aside) {
        usage.left(new Set(aside.map(({ identity }) => identity)));
        return removable(aside, limits(), now());
      },
      onRemoved: (count, first) => journal.append(removedLine(count, first, now())),
    },
    onRotated(identity, bytes) {
      usage.rotated(identity);
      tellHead();
      // So that the next start need not read it; a small one is read as fast.
      if (bytes > MIB)
        noting = noting.then(async () => {
          await scanLedger(fs, file, notes).catch(() => {});
        });
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
        throw shareUsedUp(file, subject, limits());
      }
      usage.charge(agent, bytes + recordBytes);
      try {
        await journal.commit(line);
        announced.set(subject, recordBytes);
      } catch (error) {
        refused++;
        // The announcement may be in the file in spite of the error: a reader is told that nothing ran.
        journal.append(recordLine(subject, REFUSED, now(), keepText()));
        throw notWritten(file, subject, error);
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

    async close() {
      shares.flush();
      await journal.close();
      await atMost(NOTING_MS, noting);
    },
  };
}

function sizeOf(line: string): number {
  return Buffer.byteLength(line) + SEAL_BYTES;
}

/** The host gives a plugin that stops 5 s, of which the journal may take 4. */
const NOTING_MS = 800;

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

function once(tell: (error: unknown) => void): (error: unknown) => void {
  let told = false;
  return (error) => {
    if (told) return;
    told = true;
    tell(error);
  };
}
