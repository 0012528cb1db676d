// Reads the ledger from its end: the newest lines first, as few of them as the reader wants.
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { orIfMissing } from "../../shared/errorCode.ts";
import type { LedgerFs } from "./ledgerFs.ts";

/** One read: its lines are looked at in one turn of the event loop. */
const READ_BYTES = 512 * 1024;
/** Of one line that has no end: what is longer is none of ours. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

const LINE_FEED = 10;

/**
 * Whole lines in groups, the newest line first; of a file that is put aside meanwhile they may come again. A file that is a link is left out, as no record was written to it.
 * @param needles of a group in which one of these does not occur only the oldest line comes, for its time.
 */
export async function* linesBack(
  fs: Pick<LedgerFs, "numbered">,
  file: string,
  needles: readonly string[] = [],
): AsyncGenerator<string[]> {
  const wanted = needles.map((needle) => Buffer.from(needle));
  // Looked up anew for each: one that was put aside meanwhile comes twice, and none is passed over.
  for (let number: number | undefined = 0; number !== undefined; ) {
    const last: number = number;
    const handle = await openPlain(last === 0 ? file : `${file}.${last}`);
    try {
      if (handle !== null) yield* fileBack(handle, wanted);
    } finally {
      await handle?.close();
    }
    number = (await fs.numbered(dirname(file), file)).find((next) => next > last);
  }
}

async function openPlain(file: string): Promise<FileHandle | null> {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const handle = await orIfMissing(open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK), null).catch(() => null);
  if (handle === null || (await handle.stat()).isFile()) return handle;
  await handle.close();
  return null;
}

async function* fileBack(handle: FileHandle, wanted: readonly Buffer[]): AsyncGenerator<string[]> {
  /** The beginning of it is in the piece before. */
  let rest: Buffer = Buffer.alloc(0);
  for (let to = (await handle.stat()).size; to > 0; ) {
    const from = Math.max(0, to - READ_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(to - from), 0, to - from, from);
    // It was cut meanwhile.
    if (bytesRead < to - from) return;
    const piece: Buffer = rest.length === 0 ? buffer : Buffer.concat([buffer, rest]);
    const first = from === 0 ? 0 : piece.indexOf(LINE_FEED) + 1;
    to = from;
    if (from > 0 && first === 0) {
      rest = piece.length > MAX_LINE_BYTES ? Buffer.alloc(0) : piece;
      continue;
    }
    rest = piece.subarray(0, first);
    const whole = piece.subarray(first);
    const end = wanted.every((needle) => whole.includes(needle)) ? whole.length : whole.indexOf(LINE_FEED);
    yield whole.toString("utf8", 0, end).split("\n").reverse();
  }
}
