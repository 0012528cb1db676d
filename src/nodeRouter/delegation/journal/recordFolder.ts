// One small JSON file a task in a folder of ours: replaced whole, on the disk before anybody goes on, all read at the start.
import { randomBytes } from "node:crypto";
import { closeSync, constants, openSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, orIfMissing } from "../../../shared/errorCode.ts";
import { createTurns } from "../../../shared/inTurn.ts";
import { readJson } from "../../../shared/jsonParts.ts";
import { replaceFile, synced } from "../../../shared/replaceFile.ts";

/** Records by name. Names are hashes or ids of ours, never a text of a peer. */
export interface RecordFolder<T> {
  /** What was there when it was opened. */
  readonly kept: ReadonlyMap<string, T>;
  /** Names whose record nobody can read: it is kept aside as `<name>.json.unreadable`, and nothing is known of it. */
  readonly unreadable: readonly string[];
  /** Resolves when it is on the disk, and will be there after a crash. Rejects: then either one may be there. */
  put(name: string, value: T): Promise<void>;
  /** Resolves when it is gone for good. */
  remove(name: string): Promise<void>;
  /** Resolves when nothing is being written. Never rejects. */
  flush(): Promise<void>;
}

export interface RecordFolderOptions<T> {
  /** Absolute; made where it is missing. */
  readonly folder: string;
  /** Null: it is none of ours. */
  readonly read: (value: unknown) => T | null;
  /** What nobody can read is forgotten after so long. */
  readonly keepMs: number;
  /** Epoch ms. */
  readonly now: () => number;
}

/** A result and a task of 1 MiB each, six bytes a character at worst, do not fit: JSON escapes few of them. */
const MAX_BYTES = 8 * 1024 * 1024;
const NAME = /^[\w-]{1,64}$/;
const ENDING = ".json";
const ASIDE = ".json.unreadable";

/** @throws what the disk says where the folder cannot be read: then nothing is known, and nothing may be begun. */
export async function openRecords<T>({
  folder,
  read,
  keepMs,
  now,
}: RecordFolderOptions<T>): Promise<RecordFolder<T>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const kept = new Map<string, T>();
  const unreadable: string[] = [];
  for (const file of await readdir(folder)) {
    const path = join(folder, file);
    if (file.endsWith(".part")) await rm(path, { force: true });
    else if (file.endsWith(ASIDE)) {
      const { mtimeMs } = await stat(path);
      if (Math.abs(now() - mtimeMs) > keepMs) await rm(path, { force: true });
      else unreadable.push(file.slice(0, -ASIDE.length));
    } else if (file.endsWith(ENDING)) {
      const name = file.slice(0, -ENDING.length);
      const value = NAME.test(name) ? await readOne(path, read) : null;
      if (value !== null) kept.set(name, value);
      else {
        await rename(path, join(folder, `${name}${ASIDE}`));
        unreadable.push(name);
      }
    }
  }
  const writes = createTurns();
  const inOrder = (name: string, work: () => Promise<void>): Promise<void> =>
    NAME.test(name) ? writes.run(name, work) : Promise.reject(new Error("no name of a record"));
  return {
    kept,
    unreadable,
    put(name, value) {
      const text = JSON.stringify(value);
      return inOrder(name, () => replaceForGood(folder, `${name}${ENDING}`, text));
    },
    remove: (name) =>
      inOrder(name, async () => {
        await rm(join(folder, `${name}${ENDING}`), { force: true });
        await syncFolder(folder);
      }),
    flush: () => writes.idle(),
  };
}

async function readOne<T>(path: string, read: (value: unknown) => T | null): Promise<T | null> {
  const { size } = await stat(path);
  return size > MAX_BYTES ? null : read(readJson(await orIfMissing(readFile(path, "utf8"), "")));
}

/** Resolves when the file has this text, and will have it after a crash. @throws what the disk says: either one may be there */
export async function replaceForGood(folder: string, file: string, text: string): Promise<void> {
  // A name of its own: a copy of this code that is being replaced may still write.
  await replaceFile(join(folder, file), text, join(folder, `${file}.${randomBytes(6).toString("hex")}.part`));
  await syncFolder(folder);
}

/** The name is in the folder after a crash, too. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return; // it opens no folders, and writes names through
  const handle = openSync(folder, constants.O_RDONLY);
  try {
    await synced(handle);
  } catch (error) {
    // File systems that know no sync of a folder.
    if (errorCode(error) !== "EINVAL" && errorCode(error) !== "ENOTSUP") throw error;
  } finally {
    closeSync(handle);
  }
}
