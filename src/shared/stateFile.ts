// A small text file of ours under the gateway's state folder, replaced as a whole and readable by its user alone.
import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { orIfMissing } from "./errorCode.ts";
import { withFileLock } from "./fileLock.ts";
import { replaceFile } from "./replaceFile.ts";

/** Where something is kept between two lives of the gateway. Both may reject. */
export interface TextStore {
  /** Null: there is none yet. */
  read(): Promise<string | null>;
  write(text: string): Promise<void>;
}

/** A text that several processes change, one at a time. */
export interface SharedStore extends TextStore {
  /** For messages. */
  readonly file: string;
  alone<T>(work: () => Promise<T>): Promise<T>;
}

/** @param file absolute. */
export function sharedFile(file: string): SharedStore {
  return { ...stateFile(file), file, alone: (work) => withFileLock(file, work) };
}

/**
 * A text in a file of its own, replaced as a whole or not at all, and readable to this user alone.
 * @param file absolute; its folder is made with the first write. No link is followed to write it.
 */
export function stateFile(file: string): TextStore {
  return {
    read: () => orIfMissing(readFile(file, "utf8"), null),
    async write(text) {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      await replaceFile(file, text, `${file}.${process.pid}.part`);
    },
  };
}
