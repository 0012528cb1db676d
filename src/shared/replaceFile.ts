// Replaces a small file as a whole, on the disk before anybody goes on.
import { closeSync, constants, fsync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";

/** SECURITY: a link of that name is not followed. Windows has no such flag. */
const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW = 0 } = constants;
const WRITE = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW;

/**
 * Resolves when the file's bytes are on the disk and it has its name, readable to this user alone. Only the disk is waited
 * for: each other step would wait for a turn of the gateway's loop, 3 ms each while a run begins or ends.
 * @param part what it is called until then, in the same folder
 * @throws what the disk says: then the old text is there, as it was
 */
export async function replaceFile(file: string, text: string, part: string): Promise<void> {
  const handle = openSync(part, WRITE, 0o600);
  try {
    try {
      writeFileSync(handle, text);
      await synced(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

/** Resolves when what is in the open file, or folder, survives a crash of the machine. */
export const synced = promisify(fsync);
