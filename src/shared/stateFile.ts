// A small text file of ours under the gateway's state folder, replaced as a whole and readable by its user alone.
import { constants } from "node:fs";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { orIfMissing } from "./errorCode.ts";

/** Where something is kept between two lives of the gateway. Both may reject. */
export interface TextStore {
  /** Null: there is none yet. */
  read(): Promise<string | null>;
  write(text: string): Promise<void>;
}

/** SECURITY: a link of that name is not followed. Windows has no such flag. */
const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW = 0 } = constants;
const WRITE = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW;

/**
 * A text in a file of its own, replaced as a whole or not at all, and readable to this user alone.
 * @param file absolute; its folder is made with the first write. No link is followed to write it.
 */
export function stateFile(file: string): TextStore {
  return {
    read: () => orIfMissing(readFile(file, "utf8"), null),
    async write(text) {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      const part = `${file}.${process.pid}.part`;
      try {
        const handle = await open(part, WRITE, 0o600);
        try {
          await handle.writeFile(text);
          await handle.sync();
        } finally {
          await handle.close();
        }
        await rename(part, file);
      } catch (error) {
        await rm(part, { force: true });
        throw error;
      }
    },
  };
}
