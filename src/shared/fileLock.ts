// One process at a time changes a small file of ours: a lock file beside it, which nobody keeps after its process died.
import { lstat, mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errorCode, orIfMissing } from "./errorCode.ts";

/** Tries, and milliseconds between two of them: whoever holds the lock writes one small file. */
const TRIES = 100;
const WAIT_MS = 20;

/** Nobody writes for so long: whoever left it is dead, also where its id is another process's by now, or was never written. */
const MAX_HELD_MS = 30_000;

/**
 * Does the work while no other process does work under the same lock.
 * @param file absolute; the lock is `<file>.lock`, and holds its process's id.
 * @throws Error when another process holds it for 2 s; whatever the work throws.
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`;
  for (let tries = 1; !(await isHad(lock)); tries++) {
    if (tries >= TRIES) throw new Error(`another process holds ${lock}`);
    await sleep(WAIT_MS);
  }
  return released(lock, work);
}

/** The same without waiting: where another process holds the lock, nothing is done. */
export async function ifUnlocked(file: string, work: () => Promise<void>): Promise<void> {
  const lock = `${file}.lock`;
  if (await isHad(lock)) await released(lock, work);
}

async function released<T>(lock: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

/** Whether it is ours now. */
async function isHad(lock: string): Promise<boolean> {
  await mkdir(dirname(lock), { recursive: true, mode: 0o700 });
  if (await isTaken(lock)) return true;
  if (!(await isLeftBehind(lock))) return false;
  await rm(lock, { force: true });
  return isTaken(lock);
}

async function isTaken(lock: string): Promise<boolean> {
  try {
    // "x" follows no link and takes no file that is there.
    const handle = await open(lock, "wx", 0o600);
    try {
      // A full disk: it is ours all the same, and what the work does may make room.
      await handle.writeFile(String(process.pid)).catch(() => {});
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Its process is gone, or it is older than any work. One that has not written its id yet is given the time to. */
async function isLeftBehind(lock: string): Promise<boolean> {
  const { mtimeMs } = await orIfMissing(lstat(lock), { mtimeMs: Date.now() });
  // The clock may have been set back since.
  if (Math.abs(Date.now() - mtimeMs) > MAX_HELD_MS) return true;
  const pid = Number(await orIfMissing(readFile(lock, "utf8"), ""));
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return errorCode(error) === "ESRCH";
  }
}
