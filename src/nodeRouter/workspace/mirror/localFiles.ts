// Lists a folder of the gateway that is to be brought to a node: names, sizes, and a stamp that changes with a file.

import type { BigIntStats } from "node:fs";
import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { errorCode } from "../../../shared/errorCode.ts";
import { isReservedName } from "./manifest.ts";
import type { MirrorSource, SkippedFile } from "./mirrorSource.ts";

/** Bytes. The host's own limit for an attachment is 50 MB. */
export const MAX_MIRRORED_FILE_BYTES = 64 * 1024 * 1024;
export const MAX_TOTAL_BYTES = 256 * 1024 * 1024;
export const MAX_FILES = 5_000;
const MAX_DEPTH = 32;

export interface LocalFile {
  /** Relative to the source, with `/`. */
  readonly path: string;
  readonly absolute: string;
  readonly size: number;
  readonly isProgram: boolean;
  readonly modifiedMs: number;
  /** Another one means that the file may have other content. */
  readonly stamp: string;
  /** Device and inode: what is opened under the name later must be the same. */
  readonly identity: string;
}

export interface LocalFolder {
  readonly files: readonly LocalFile[];
  readonly skipped: readonly SkippedFile[];
  /** Whether what is not in it is gone, and not only not there yet. */
  readonly isComplete: boolean;
}

interface Walk {
  readonly source: MirrorSource;
  /** The source without links. */
  readonly root: string;
  readonly files: LocalFile[];
  readonly skipped: SkippedFile[];
}

/**
 * Every plain file in the source, by path. Links are followed inside the source only. Of `add` the newest files
 * come first when there are more than the limits allow. Rejects when a folder cannot be read: what is not seen
 * must not be taken for gone.
 */
export async function readLocalFolder(source: MirrorSource): Promise<LocalFolder> {
  const { localDir, completeMark } = source;
  const root = await realpath(localDir).catch(absentIsNull);
  if (root === null) return { files: [], skipped: [], isComplete: true };
  const walk: Walk = { source, root, files: [], skipped: [] };
  // Before the rest: it is removed before a change begins.
  const mark = await markOf(source);
  await visit(walk, root, "", [root]);
  const isComplete = completeMark === undefined || (mark !== null && mark === (await markOf(source)));
  return { ...withinLimits(walk), isComplete };
}

/** Stamp of the source's mark: another one after every change of the folder. Null: none, or it is being changed. */
export async function markOf({ localDir, completeMark }: MirrorSource): Promise<string | null> {
  if (completeMark === undefined) return null;
  const stats = await look(join(localDir, completeMark));
  return stats === null ? null : stampOf(stats);
}

async function visit(walk: Walk, directory: string, path: string, above: readonly string[]): Promise<void> {
  const entries = (await readdir(directory, { withFileTypes: true }).catch(absentIsNull)) ?? [];
  await Promise.all(
    entries.map(async (entry) => {
      const below = path === "" ? entry.name : `${path}/${entry.name}`;
      if (isReservedName(below) || below === walk.source.completeMark) return;
      if (walk.source.include?.(below) === false) return;
      const absolute = join(directory, entry.name);
      if (entry.isSymbolicLink()) await follow(walk, absolute, below, above);
      else if (entry.isDirectory()) await descend(walk, absolute, below, [...above, absolute]);
      else if (entry.isFile()) keep(walk, absolute, below, await look(absolute));
    }),
  );
}

async function follow(walk: Walk, link: string, path: string, above: readonly string[]): Promise<void> {
  const target = await realpath(link).catch(() => null);
  const stats = target === null ? null : await stat(target, { bigint: true }).catch(absentIsNull);
  // SECURITY: a link in a skill must not carry the gateway's other files to a node.
  if (target === null || !target.startsWith(`${walk.root}${sep}`)) {
    walk.skipped.push({ path: link, reason: "a link that leads out of its folder, or nowhere" });
  } else if (
    stats?.isDirectory() &&
    above.some((one) => one === target || one.startsWith(`${target}${sep}`))
  ) {
    walk.skipped.push({ path: link, reason: "a link to a folder around it" });
  } else if (stats?.isDirectory()) await descend(walk, target, path, [...above, target]);
  else if (stats?.isFile()) keep(walk, target, path, stats);
}

async function descend(walk: Walk, directory: string, path: string, above: readonly string[]): Promise<void> {
  if (above.length <= MAX_DEPTH) await visit(walk, directory, path, above);
  else walk.skipped.push({ path: directory, reason: `more than ${MAX_DEPTH} folders deep` });
}

function keep(walk: Walk, absolute: string, path: string, stats: BigIntStats | null): void {
  // A link or a pipe that took its place meanwhile.
  if (stats === null || !stats.isFile()) return;
  const { size, mode, mtimeMs, nlink } = stats;
  // SECURITY: its other name can be any file of the gateway.
  if (nlink > 1n) {
    walk.skipped.push({ path: absolute, reason: "a file with a second name (hard link)" });
    return;
  }
  walk.files.push({
    path,
    absolute,
    size: Number(size),
    isProgram: (Number(mode) & 0o100) !== 0,
    modifiedMs: Number(mtimeMs),
    stamp: stampOf(stats),
    identity: identityOf(stats),
  });
}

/** `<device>:<inode>`: the same for the same file, whatever it is called. */
export function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

function stampOf({ mtimeNs, ctimeNs, size, ino }: BigIntStats): string {
  return `${mtimeNs}:${ctimeNs}:${size}:${ino}`;
}

function withinLimits({ files, skipped, source }: Walk): Pick<LocalFolder, "files" | "skipped"> {
  const byPath = (one: LocalFile, other: LocalFile) => (one.path < other.path ? -1 : 1);
  const ordered = files.sort((one, other) =>
    source.mode === "add" ? other.modifiedMs - one.modifiedMs || byPath(one, other) : byPath(one, other),
  );
  const kept: LocalFile[] = [];
  const left = [...skipped];
  let bytes = 0;
  for (const file of ordered) {
    const reason =
      file.size > MAX_MIRRORED_FILE_BYTES
        ? `larger than ${MAX_MIRRORED_FILE_BYTES} bytes`
        : kept.length >= MAX_FILES
          ? `more than ${MAX_FILES} files`
          : bytes + file.size > MAX_TOTAL_BYTES
            ? `more than ${MAX_TOTAL_BYTES} bytes in all`
            : null;
    if (reason !== null) {
      left.push({ path: file.absolute, reason });
      continue;
    }
    kept.push(file);
    bytes += file.size;
  }
  return { files: kept.sort(byPath), skipped: left };
}

async function look(absolute: string): Promise<BigIntStats | null> {
  return lstat(absolute, { bigint: true }).catch(absentIsNull);
}

/** What is removed while it is looked at is gone. */
function absentIsNull(error: unknown): null {
  if (errorCode(error) === "ENOENT") return null;
  throw error;
}
