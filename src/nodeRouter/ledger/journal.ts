// The one writer of the audit file: a bounded queue of lines, written in order and in batches behind the calls.
import { atMost } from "../../shared/deadline.ts";
import { messageOf } from "../../shared/errors.ts";
import type { LedgerFile } from "./ledgerFile.ts";

/** Bytes of lines that wait for a disk that is slow or full; more are not taken. */
export const MAX_QUEUE_BYTES = 8 * 1024 * 1024;

/** One write: a batch this large costs a disk little more than a line. */
const MAX_BATCH_BYTES = 1024 * 1024;

/** A call waits no longer for its line: a disk that hangs (a network file system) would hold every agent. */
export const COMMIT_TIMEOUT_MS = 10_000;

/** After a failure, when no call comes that would try anyway. */
export const RETRY_MS = 10_000;

/** The host gives a plugin that stops 5 s. */
const CLOSE_TIMEOUT_MS = 2_000;

export interface Journal {
  /** Written when it can be; never fails. */
  append(line: string): void;
  /** Resolves when the line is on the disk. Rejects with the disk's error; the line is then not tried again. */
  commit(line: string): Promise<void>;
  /** Resolves when nothing waits any more, or when the disk took nothing. */
  flush(): Promise<void>;
  state(): JournalState;
  /** Writes what waits, once, and closes the file. */
  close(): Promise<void>;
}

export interface JournalState {
  /** Appended lines that are in the file. */
  readonly written: number;
  /** Appended lines that were given up. */
  readonly lost: number;
  /** Lines that wait. */
  readonly waiting: number;
  /** Null while writing works. */
  readonly lastError: string | null;
}

interface QueuedLine {
  readonly text: string;
  readonly bytes: number;
  /** Of a commit: somebody waits for it. Null: an append. */
  readonly settle: ((error: unknown) => void) | null;
}

/** @param onChange told once when writing begins to fail and once when it works again. */
export function createJournal(file: LedgerFile, onChange: (state: JournalState) => void): Journal {
  let queue: QueuedLine[] = [];
  let queuedBytes = 0;
  let written = 0;
  let lost = 0;
  let lastError: string | null = null;
  let pumping: Promise<void> | null = null;
  let retry: NodeJS.Timeout | null = null;

  return {
    append(line) {
      if (enqueue({ text: line, bytes: Buffer.byteLength(line), settle: null })) pump();
      else lost++;
    },

    commit(line) {
      return new Promise((resolve, reject) => {
        const queued: QueuedLine = {
          text: line,
          bytes: Buffer.byteLength(line),
          settle(error) {
            clearTimeout(timer);
            if (error === null) resolve();
            else reject(error);
          },
        };
        const timer = setTimeout(() => {
          // One that is being written can no longer be taken back.
          remove(queued);
          const error = new Error(`it was not on the disk after ${COMMIT_TIMEOUT_MS} ms`);
          setError(error.message);
          reject(error);
        }, COMMIT_TIMEOUT_MS);
        if (enqueue(queued)) pump();
        else queued.settle?.(new Error(`${MAX_QUEUE_BYTES} bytes of records wait for the disk already`));
      });
    },

    flush: drained,
    state,

    async close() {
      await atMost(CLOSE_TIMEOUT_MS, drained());
      if (retry !== null) clearTimeout(retry);
      await atMost(CLOSE_TIMEOUT_MS, file.close());
    },
  };

  function state(): JournalState {
    return { written, lost, waiting: queue.length, lastError };
  }

  function enqueue(line: QueuedLine): boolean {
    if (queuedBytes + line.bytes > MAX_QUEUE_BYTES) return false;
    queue.push(line);
    queuedBytes += line.bytes;
    return true;
  }

  function remove(line: QueuedLine): void {
    const before = queue.length;
    queue = queue.filter((queued) => queued !== line);
    if (queue.length < before) queuedBytes -= line.bytes;
  }

  async function drained(): Promise<void> {
    // A pump that is on its way may have taken its batch already.
    while (pumping !== null || queue.length > 0) {
      const failed = await pump().then(() => lastError !== null);
      if (failed) return;
    }
  }

  /** One at a time, so that lines stay whole and in order; what comes meanwhile is its next batch. */
  function pump(): Promise<void> {
    // Lines of the same turn go together.
    pumping ??= Promise.resolve().then(writeAll);
    return pumping;
  }

  async function writeAll(): Promise<void> {
    if (retry !== null) clearTimeout(retry);
    retry = null;
    let error: unknown = null;
    while (queue.length > 0 && error === null) {
      error = await writeBatch(takeBatch());
      setError(error === null ? null : messageOf(error));
    }
    // No call waits for a second attempt: it is refused now, and the next one tries anew.
    for (const line of queue) line.settle?.(error);
    keep(queue.filter(({ settle }) => settle === null));
    if (queue.length > 0) retry = setTimeout(pump, RETRY_MS).unref();
    // In the same turn as the last look at the queue: a line that comes later finds no pump and starts one.
    pumping = null;
  }

  function takeBatch(): readonly QueuedLine[] {
    let count = 0;
    let bytes = 0;
    for (const line of queue) {
      if (count > 0 && bytes + line.bytes > MAX_BATCH_BYTES) break;
      bytes += line.bytes;
      count++;
    }
    const batch = queue.slice(0, count);
    keep(queue.slice(count));
    return batch;
  }

  /** Null when all of it is written. Otherwise the appended lines that are not are at the head of the queue again. */
  async function writeBatch(batch: readonly QueuedLine[]): Promise<unknown> {
    const durable = batch.some(({ settle }) => settle !== null);
    const appended = await file
      .append(
        batch.map(({ text }) => text),
        durable,
      )
      .catch((error: unknown) => ({ written: 0, error: error ?? new Error("the file cannot be opened") }));
    const again: QueuedLine[] = [];
    for (const [index, line] of batch.entries()) {
      line.settle?.(appended.error);
      if (line.settle !== null) continue;
      if (index < appended.written) written++;
      else again.push(line);
    }
    keep([...again, ...queue]);
    return appended.error;
  }

  function keep(lines: QueuedLine[]): void {
    queue = lines;
    queuedBytes = lines.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  function setError(error: string | null): void {
    const changed = (error === null) !== (lastError === null);
    lastError = error;
    if (!changed) return;
    try {
      onChange(state());
    } catch {
      // A logger that throws must not stop the writer.
    }
  }
}
