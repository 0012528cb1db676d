// The audit file and its predecessors: whole lines go in, a full file is put aside, an old one is removed.
import { dirname } from "node:path";
import type { LedgerFs, LedgerHandle } from "./ledgerFs.ts";

const LINE_FEED = 10;

export interface LedgerFile {
  /**
   * Appends whole lines. `durable`: returns only when they are on the disk. Rejects when the file could not even
   * be opened; what goes wrong later is in the answer.
   */
  append(bytes: Buffer, durable: boolean): Promise<Appended>;
  close(): Promise<void>;
}

export interface Appended {
  /** Bytes of those given that are in the file: fewer on a disk that is full. */
  readonly written: number;
  /** Null: all of them are, and with `durable` on the disk. */
  readonly error: unknown;
}

export interface LedgerFileOptions {
  readonly file: string;
  readonly fs: LedgerFs;
  /** Resolves when the first line may be written; null: it may. Asked at every append. */
  readonly ready: () => Promise<void> | null;
  /** A file is put aside before it would grow beyond this. */
  readonly maxFileBytes: number;
  /** The file was put aside as `audit.jsonl.1`, with that many bytes. Answers how many of the oldest are to go. */
  readonly onRotated: (bytes: number) => number;
  /** That many of the oldest are gone. */
  readonly onRemoved: (count: number) => void;
  /** A rotation that fails costs no record: the file grows on, and the next append tries again. */
  readonly onRotationError: (error: unknown) => void;
}

/** Not for concurrent calls: the journal makes one after the other. */
export function createLedgerFile(options: LedgerFileOptions): LedgerFile {
  const { file, fs } = options;
  const folder = dirname(file);
  let handle: LedgerHandle | null = null;
  /** Whether the file's name is on the disk. */
  let isNamed = false;
  /** Whether the file is known to end with a whole line. */
  let isWhole = false;

  return {
    async append(bytes, durable) {
      const waits = options.ready();
      if (waits !== null) await waits;
      const present = await fs.look(file);
      let open = await openCurrent(present?.identity ?? null);
      const size = present?.size ?? 0;
      if (size > 0 && size + bytes.length > options.maxFileBytes) open = await rotated(open, size);
      const appended = await appendLines(open, bytes);
      if (!durable || appended.error !== null) return appended;
      return { ...appended, error: await syncError(open) };
    },
    close,
  };

  /** Not the one of before when somebody removed or replaced it. */
  async function openCurrent(identity: string | null): Promise<LedgerHandle> {
    if (handle !== null && handle.identity === identity) return handle;
    await close();
    await fs.prepareFolder(folder);
    handle = await fs.open(file);
    isNamed = false;
    isWhole = false;
    return handle;
  }

  /** What a crash or a full disk cut off must not swallow the next line: that one begins on a line of its own. */
  async function appendLines(open: LedgerHandle, lines: Buffer): Promise<Appended> {
    const last = isWhole ? null : await open.lastByte();
    const isTorn = last !== null && last !== LINE_FEED;
    const { written, error } = await appendAll(
      open,
      isTorn ? Buffer.concat([Buffer.of(LINE_FEED), lines]) : lines,
    );
    isWhole = error === null;
    return { written: Math.max(0, written - (isTorn ? 1 : 0)), error };
  }

  async function rotated(current: LedgerHandle, bytes: number): Promise<LedgerHandle> {
    try {
      const taken = await fs.numbered(folder, file);
      // Up to the first number that is free: no file is ever put over another one.
      let free = 1;
      while (taken.includes(free)) free++;
      for (let number = free - 1; number >= 1; number--) {
        await fs.rename(`${file}.${number}`, `${file}.${number + 1}`);
      }
      await fs.rename(file, `${file}.1`);
    } catch (error) {
      options.onRotationError(error);
      return current;
    }
    await removeOldest(options.onRotated(bytes));
    return openCurrent(null);
  }

  /** One that cannot be removed stays, and is tried again at the next rotation. */
  async function removeOldest(count: number): Promise<void> {
    if (count <= 0) return;
    try {
      const numbers = (await fs.numbered(folder, file)).slice(-count).reverse();
      for (const number of numbers) {
        await fs.remove(`${file}.${number}`);
        options.onRemoved(1);
      }
    } catch (error) {
      options.onRotationError(error);
    }
  }

  /** Null: it is on the disk. After a failure the handle is given up: what it still holds nobody can tell. */
  async function syncError(open: LedgerHandle): Promise<unknown> {
    try {
      await open.sync();
      if (!isNamed) await fs.syncFolder(folder);
      isNamed = true;
      return null;
    } catch (error) {
      await close();
      return error;
    }
  }

  async function close(): Promise<void> {
    const open = handle;
    handle = null;
    // Nothing is lost by a close that fails: what mattered was synced.
    await open?.close().catch(() => {});
  }
}

/** A write may take fewer bytes than given without an error; the next one then says why. */
async function appendAll(open: LedgerHandle, bytes: Buffer): Promise<Appended> {
  let written = 0;
  try {
    while (written < bytes.length) {
      const count = await open.append(bytes.subarray(written));
      if (count === 0) return { written, error: new Error("the file takes no more bytes") };
      written += count;
    }
    return { written, error: null };
  } catch (error) {
    return { written, error };
  }
}
