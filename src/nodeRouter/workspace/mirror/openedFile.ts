// Reads a file of the gateway that was listed before, and never another one that has taken its name since.

import { constants } from "node:fs";
import { type FileHandle, lstat, open, readlink, realpath } from "node:fs/promises";
import { errorCode } from "../../../shared/errorCode.ts";
import { identityOf, type LocalFile } from "./localFiles.ts";

/** Windows has neither O_NOFOLLOW nor O_NONBLOCK, and Node then leaves them undefined. */
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** What the system says of a name that has no file, or a link, or a folder that is none, or a socket. */
const NOT_THERE: readonly string[] = ["ENOENT", "ELOOP", "ENOTDIR", "ENXIO", "EMLINK"];

/**
 * The content of exactly the file that was looked at: a plain one with one name, that lies where it is called to lie.
 * Null: it is gone, has grown or shrunk, or is another one now. Rejects when it cannot be read.
 * SECURITY: whoever can write into the folder could put a link to any file of the gateway in its place, or in place of
 * a folder above it, between the look and the reading; and a pipe would stop us.
 */
export async function readLooked(file: LocalFile): Promise<Buffer | null> {
  const handle = await open(file.absolute, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: unknown) => {
    if (NOT_THERE.includes(errorCode(error) ?? "")) return null;
    throw error;
  });
  if (handle === null) return null;
  try {
    const stats = await handle.stat({ bigint: true });
    const isSame =
      stats.isFile() &&
      stats.nlink === 1n &&
      identityOf(stats) === file.identity &&
      Number(stats.size) === file.size;
    if (!isSame || !(await liesAt(handle, file.absolute))) return null;
    return await readWhole(handle, file.size);
  } finally {
    await handle.close();
  }
}

/** Whether the open file has this path, which holds no link. */
async function liesAt(handle: FileHandle, absolute: string): Promise<boolean> {
  // Linux says where the open file itself lies: no swap and swap back of a folder can deceive it.
  const said = await readlink(`/proc/self/fd/${handle.fd}`).catch(() => null);
  if (said !== null) return said === absolute;
  const real = await realpath(absolute).catch(() => null);
  const stats = await lstat(absolute, { bigint: true }).catch(() => null);
  const opened = await handle.stat({ bigint: true });
  return real === absolute && stats !== null && identityOf(stats) === identityOf(opened);
}

/** Null when there is less than there was. What was added meanwhile is not read. */
async function readWhole(handle: FileHandle, size: number): Promise<Buffer | null> {
  const data = Buffer.alloc(size);
  for (let at = 0; at < size; ) {
    const { bytesRead } = await handle.read(data, at, size - at, at);
    if (bytesRead === 0) return null;
    at += bytesRead;
  }
  return data;
}
