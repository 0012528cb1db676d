// The ledger's file and its predecessors: whole lines go in, a full file is put aside, an old one is removed.
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { type Link, lastLink, NO_LINK, sealed } from "./chain.ts";
import type { LedgerFs, LedgerHandle } from "./ledgerFs.ts";
import { putAside, type Retention } from "./rotation.ts";

const LINE_FEED = 10;

/** The longest line is far shorter. */
const TAIL_BYTES = 256 * 1024;

export interface LedgerFile {
  /**
   * Seals whole lines into the chain and appends them. `durable`: returns only when they are on the disk. Rejects when
   * the file could not even be opened; what goes wrong later is in the answer.
   */
  append(lines: readonly string[], durable: boolean): Promise<Appended>;
  /** Marks the records of this life of the gateway. */
  readonly writer: string;
  /** The newest record that this process knows of; null: none yet. */
  head(): Link | null;
  close(): Promise<void>;
}

export interface Appended {
  /** Lines of those given that are in the file whole: fewer on a disk that is full. */
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
  readonly retention: Retention;
  /** What we wrote in is not the current file any more, put aside by us or by another gateway: its identity, and bytes. */
  readonly onRotated: (identity: string, bytes: number) => void;
  /** A rotation that fails costs no record: the file grows on, and the next append tries again. */
  readonly onRotationError: (error: unknown) => void;
}

interface CurrentFile {
  readonly open: LedgerHandle;
  readonly size: number;
  /** It ends in the middle of a line. */
  readonly isTorn: boolean;
}

/** Lines that are sealed, and the links of each. */
interface Batch {
  readonly pieces: readonly Buffer[];
  readonly links: readonly Link[];
  readonly bytes: number;
}

/** Not for concurrent calls: the journal makes one after the other. */
export function createLedgerFile(options: LedgerFileOptions): LedgerFile {
  const { file, fs } = options;
  const folder = dirname(file);
  const writer = randomBytes(9).toString("base64url");
  let handle: LedgerHandle | null = null;
  /** Whether the file's name is on the disk. */
  let isNamed = false;
  /** Bytes of the file after our last line; null: what it ends with has to be looked at. */
  let knownSize: number | null = null;
  /** The file that our last line is in. */
  let wrote: { readonly identity: string; readonly bytes: number } | null = null;
  let head: Link | null = null;
  /** Our own newest record, where another gateway has written behind it: the next one names both. */
  let also: string | null = null;

  return {
    async append(lines, durable) {
      const waits = options.ready();
      if (waits !== null) await waits;
      let current = await currentFile();
      let batch = seal(lines);
      if (current.size > 0 && current.size + batch.bytes > options.maxFileBytes) {
        await putAside(fs, file, current.open.identity, options.retention).catch(options.onRotationError);
        // Whoever did it, and also where nobody could: what has the name now is what is written to.
        current = await currentFile();
        batch = seal(lines);
      }
      return appendLines(current, batch, durable);
    },
    writer,
    head: () => head,
    close,
  };

  function seal(lines: readonly string[]): Batch {
    let link = head ?? NO_LINK;
    const links: Link[] = [];
    const pieces = lines.map((line) => {
      const next = sealed(line, link, writer, link === head ? also : null);
      link = next;
      links.push({ n: next.n, hash: next.hash });
      return Buffer.from(next.line);
    });
    return { pieces, links, bytes: pieces.reduce((sum, { length }) => sum + length, 0) };
  }

  async function currentFile(): Promise<CurrentFile> {
    const present = await fs.look(file);
    const open = await openCurrent(present?.identity ?? null);
    const size = present?.size ?? 0;
    return { open, size, isTorn: size === knownSize ? false : await lookAtEnd(open, size) };
  }

  /** Not the one of before when somebody removed or replaced it. */
  async function openCurrent(identity: string | null): Promise<LedgerHandle> {
    if (handle !== null && handle.identity === identity) return handle;
    await close();
    await fs.prepareFolder(folder);
    handle = await fs.open(file);
    isNamed = false;
    knownSize = null;
    const before = wrote;
    wrote = null;
    if (before !== null && before.identity !== handle.identity)
      options.onRotated(before.identity, before.bytes);
    return handle;
  }

  /**
   * Another gateway may have written, or an earlier life: the chain goes on behind them. It never goes back behind what
   * we have written ourselves: of a file that was cut or replaced, that is what shows it.
   * @returns whether the file ends in the middle of a line.
   */
  async function lookAtEnd(open: LedgerHandle, size: number): Promise<boolean> {
    const tail = size === 0 ? Buffer.alloc(0) : await open.tail(TAIL_BYTES);
    const found = lastLink(tail.toString("utf8")) ?? (await headAside(size));
    if (found !== null && found.n >= (head?.n ?? 0)) {
      if (head !== null && head.hash !== found.hash) also ??= head.hash;
      head = found;
    }
    return tail.length > 0 && tail.at(-1) !== LINE_FEED;
  }

  /** Nobody has written yet since the file was put aside. Whoever knows a record of its own goes on without it, too. */
  async function headAside(size: number): Promise<Link | null> {
    if (size > 0 || (await fs.look(`${file}.1`)) === null) return null;
    try {
      const aside = await fs.open(`${file}.1`);
      try {
        return lastLink((await aside.tail(TAIL_BYTES)).toString("utf8"));
      } finally {
        await aside.close();
      }
    } catch (error) {
      if (head === null) throw error;
      return null;
    }
  }

  /** What a crash or a full disk cut off must not swallow the next line: that one begins on a line of its own. */
  async function appendLines(
    { open, size, isTorn }: CurrentFile,
    { pieces, links }: Batch,
    durable: boolean,
  ): Promise<Appended> {
    const feed = isTorn ? [Buffer.of(LINE_FEED)] : [];
    const { written: bytes, error } = await appendAll(open, Buffer.concat([...feed, ...pieces]));
    let rest = bytes - feed.length;
    let written = 0;
    for (const piece of pieces) {
      rest -= piece.length;
      if (rest < 0) break;
      written++;
    }
    if (written > 0) {
      head = links[written - 1] ?? head;
      also = null;
    }
    knownSize = error === null ? size + bytes : null;
    wrote = { identity: open.identity, bytes: size + bytes };
    if (!durable || error !== null) return { written, error };
    return { written, error: await syncError(open) };
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
