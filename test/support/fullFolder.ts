// A folder that takes nothing more: as root a full file system of its own, else an empty one that is not to be written.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorCode } from "../../src/shared/errorCode.ts";

const open = new Set<() => void>();

/** @returns gives it back as it was. Whoever has files of it open keeps them. */
export function fillFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  const undo = mountFull(folder) ?? replace(folder);
  const restore = (): void => {
    if (open.delete(restore)) undo();
  };
  open.add(restore);
  return restore;
}

/** What a test that failed has left. */
export function restoreFolders(): void {
  for (const restore of open) restore();
}

function mountFull(folder: string): (() => void) | null {
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=4k,mode=700", "none", folder]);
  if (status !== 0) return null;
  try {
    writeFileSync(join(folder, "ballast"), Buffer.alloc(16 * 1024));
  } catch (error) {
    if (errorCode(error) !== "ENOSPC") throw error;
  }
  return () => {
    // A gateway may have a file of it open.
    const { status, stderr } = spawnSync("umount", ["--lazy", folder], { encoding: "utf8" });
    if (status !== 0) throw new Error(`${folder}: ${stderr}`);
  };
}

function replace(folder: string): () => void {
  const away = `${folder}.away`;
  renameSync(folder, away);
  mkdirSync(folder, { mode: 0o500 });
  return () => {
    rmSync(folder, { recursive: true });
    renameSync(away, folder);
  };
}

/** Why no folder can be filled here, say as root of a container without mounts; null: they can. */
export function fullFolderProblem(): string | null {
  const folder = mkdtempSync(join(tmpdir(), "node-router-full-"));
  const restore = fillFolder(folder);
  try {
    writeFileSync(join(folder, "probe"), "x");
    return "root may write everywhere, and may not mount";
  } catch {
    return null;
  } finally {
    restore();
    rmSync(folder, { recursive: true });
  }
}
