// Content of local files: read whole, and known by its hash as long as the file was not touched.
import { createHash } from "node:crypto";
import { BoundedMap } from "../../../shared/bounded.ts";
import type { LocalFile } from "./localFiles.ts";
import { readLooked } from "./openedFile.ts";

export interface LoadedFile {
  readonly path: string;
  readonly data: Buffer;
  readonly isProgram: boolean;
  /** SHA-256 in hexadecimal, and `x` for a program. */
  readonly content: string;
}

export interface ContentCache {
  /** `content` of a file; null when it is not what was looked at. Reads it only when it may have changed. */
  of(file: LocalFile): Promise<string | null>;
}

/** Files of a gateway; a forgotten one is read again. */
const MAX_KNOWN_FILES = 20_000;

/** Empty; a file is read again when its times, size or inode are others. */
export function createContentCache(): ContentCache {
  const known = new BoundedMap<string, { readonly stamp: string; readonly content: string }>(MAX_KNOWN_FILES);
  return {
    async of(file) {
      const before = known.get(file.absolute);
      if (before?.stamp === file.stamp && before.content.endsWith("x") === file.isProgram)
        return before.content;
      const content = (await loadFile(file))?.content ?? null;
      if (content !== null) known.set(file.absolute, { stamp: file.stamp, content });
      return content;
    },
  };
}

/** Null when the file is gone, or is another one than was looked at. Rejects when it cannot be read. */
export async function loadFile(file: LocalFile): Promise<LoadedFile | null> {
  const data = await readLooked(file);
  if (data === null) return null;
  const { path, isProgram } = file;
  const hash = createHash("sha256").update(data).digest("hex");
  return { path, data, isProgram, content: isProgram ? `${hash}x` : hash };
}
