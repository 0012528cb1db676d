// The few file operations that the audit needs, and their one implementation on a real disk.

import { constants } from "node:fs";
import { chmod, type FileHandle, lstat, mkdir, open, readdir, rename, unlink } from "node:fs/promises";
import { basename } from "node:path";
import { errorCode, orIfMissing } from "../../shared/errorCode.ts";
import { ifUnlocked } from "../../shared/fileLock.ts";

/** Every operation rejects with the system's own error (`code: "ENOSPC"`, …). */
export interface LedgerFs {
  /** Makes the folder if need be, for its owner alone. */
  prepareFolder(folder: string): Promise<void>;
  /** Opens for appending, makes it if need be. Refuses what is not a plain file, above all a symbolic link. */
  open(file: string): Promise<LedgerHandle>;
  /** What has this name now, links not followed; null: nothing. */
  look(file: string): Promise<LedgerLook | null>;
  /** In one step, over what has the new name. False when there is no such file. */
  rename(from: string, to: string): Promise<boolean>;
  /** Puts the names in the folder on the disk. */
  syncFolder(folder: string): Promise<void>;
  /** The numbers of the files `<file>.<number>` in the folder, ascending; none where there is no folder. */
  numbered(folder: string, file: string): Promise<readonly number[]>;
  /**
   * What is in a plain file, links not followed, piece by piece. Rejects as if there were none (`ENOENT`) where the one of
   * that name is not the one with the identity; without one any will do.
   */
  read(file: string, identity?: string): AsyncIterable<Buffer>;
  /** Removes the file; false when there is none. */
  remove(file: string): Promise<boolean>;
  /** Does the work while no other process does such work on the file; where one does, nothing, and waits for nobody. */
  alone(file: string, work: () => Promise<void>): Promise<void>;
}

export interface LedgerLook {
  /** Device and inode: another file of the same name has another one. */
  readonly identity: string;
  readonly size: number;
  /** Epoch ms of its last change. */
  readonly changedMs: number;
}

export interface LedgerHandle {
  /** As `LedgerLook` has it. */
  readonly identity: string;
  /** The last bytes of the file, at most so many. */
  tail(max: number): Promise<Buffer>;
  /** Bytes that were written: fewer than given on a disk that fills up. */
  append(bytes: Buffer): Promise<number>;
  /** Puts what was written on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY_FILE = 0o600;
const OTHERS = 0o077;

/** Windows has neither O_NOFOLLOW nor O_NONBLOCK, and Node then leaves them undefined. */
const { O_RDONLY, O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** One read: more would hold up the event loop while its lines are counted. */
const READ_BYTES = 256 * 1024;

export const nodeLedgerFs: LedgerFs = {
  async prepareFolder(folder) {
    await mkdir(folder, { recursive: true, mode: OWNER_ONLY_FOLDER });
    const stats = await lstat(folder);
    // SECURITY: through a link the records would land where somebody else chose.
    if (!stats.isDirectory()) throw new Error(`${folder} is not a folder but a link or a file`);
    if ((stats.mode & OTHERS) !== 0) await chmod(folder, OWNER_ONLY_FOLDER);
  },

  async open(file) {
    // Without O_NONBLOCK a named pipe in place of the file would stop us here.
    const handle = await open(
      file,
      O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK,
      OWNER_ONLY_FILE,
    ).catch((error: unknown) => {
      throw errorCode(error) === "ELOOP" ? new Error(`${file} is a symbolic link`, { cause: error }) : error;
    });
    try {
      return await plainFile(handle, file);
    } catch (error) {
      await handle.close();
      throw error;
    }
  },

  async look(file) {
    const stats = await orIfMissing(lstat(file, { bigint: true }), null);
    if (stats === null) return null;
    return { identity: identityOf(stats), size: Number(stats.size), changedMs: Number(stats.mtimeMs) };
  },

  rename: (from, to) => wasThere(rename(from, to)),

  async syncFolder(folder) {
    // Windows cannot open a folder, and keeps its names without being asked.
    if (process.platform === "win32") return;
    const handle = await open(folder, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },

  async numbered(folder, file) {
    const prefix = `${basename(file)}.`;
    const names = await orIfMissing(readdir(folder), []);
    return names
      .filter((name) => name.startsWith(prefix) && /^[1-9]\d{0,5}$/.test(name.slice(prefix.length)))
      .map((name) => Number(name.slice(prefix.length)))
      .sort((one, other) => one - other);
  },

  async *read(file, identity) {
    const handle = await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stats = await handle.stat({ bigint: true });
      if (!stats.isFile()) throw new Error(`${file} is not a plain file`);
      if (identity !== undefined && identity !== identityOf(stats)) {
        throw Object.assign(new Error(`ENOENT: ${file} is another file by now`), { code: "ENOENT" });
      }
      for (let left = Number(stats.size); left > 0; ) {
        const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(Math.min(left, READ_BYTES)));
        if (bytesRead === 0) return;
        left -= bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  },

  remove: (file) => wasThere(unlink(file)),

  alone: ifUnlocked,
};

function identityOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`;
}

/** False when there was no such file. */
function wasThere(work: Promise<void>): Promise<boolean> {
  return orIfMissing(
    work.then(() => true),
    false,
  );
}

async function plainFile(handle: FileHandle, file: string): Promise<LedgerHandle> {
  const stats = await handle.stat({ bigint: true });
  if (!stats.isFile()) throw new Error(`${file} is not a plain file`);
  if ((Number(stats.mode) & OTHERS) !== 0) await handle.chmod(OWNER_ONLY_FILE);
  return {
    identity: identityOf(stats),
    async tail(max) {
      const { size } = await handle.stat();
      const from = Math.max(0, size - max);
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(size - from), 0, size - from, from);
      return buffer.subarray(0, bytesRead);
    },
    append: async (bytes) => (await handle.write(bytes)).bytesWritten,
    sync: () => handle.datasync(),
    close: () => handle.close(),
  };
}
