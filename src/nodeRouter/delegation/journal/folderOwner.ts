// Which gateway drives the tasks of a state folder: one at a time, by a file that its owner touches while it lives.
import { randomUUID } from "node:crypto";
import { readFile, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { errorCode, orIfMissing } from "../../../shared/errorCode.ts";
import { withFileLock } from "../../../shared/fileLock.ts";
import { fieldOf, readJson } from "../../../shared/jsonParts.ts";
import { definePart } from "../../../shared/processMemory.ts";
import { stateFile } from "../../../shared/stateFile.ts";

/** One life of the gateway's process: the same across reloads of the plugin, another one after a restart. */
export const GATEWAY_LIFE = definePart("gateway-life", 1, () => randomUUID());

/** The file is touched so often, and whoever did not touch it for so long is gone. */
export const TOUCH_MS = 10_000;
export const GONE_MS = 40_000;

export interface Ownership {
  /** Stops touching; whoever comes next in this process goes on at once, another process after `GONE_MS` or our end. */
  release(): void;
}

export interface OwnerOptions {
  /** `<state>/node-router/delegations`. */
  readonly folder: string;
  /** `GATEWAY_LIFE`. */
  readonly life: string;
  /** Epoch ms. */
  readonly now: () => number;
  /** Told once: another gateway has taken the folder, say because this process stood still. Nothing may be begun then. */
  readonly onLost: () => void;
}

/**
 * Takes the folder for this process.
 * @returns who has it, as words, where that is another one that lives
 * @throws what the disk says
 */
export async function takeOwnership({
  folder,
  life,
  now,
  onLost,
}: OwnerOptions): Promise<Ownership | { readonly heldBy: string }> {
  const file = join(folder, "owner.json");
  const heldBy = await withFileLock(file, async () => {
    const owner = readJson(await orIfMissing(readFile(file, "utf8"), ""));
    if (fieldOf(owner, "life") === life) return null;
    const { mtimeMs } = await orIfMissing(stat(file), { mtimeMs: 0 });
    const pid = fieldOf(owner, "pid");
    const host = fieldOf(owner, "host");
    const isRecent = Math.abs(now() - mtimeMs) < GONE_MS;
    if (isRecent && typeof pid === "number" && (host !== hostname() || isOther(pid)))
      return `process ${pid} on ${String(host).slice(0, 253)}`;
    await stateFile(file).write(JSON.stringify({ life, pid: process.pid, host: hostname() }));
    return null;
  });
  if (heldBy !== null) return { heldBy };
  const touch = async (): Promise<void> => {
    const owner = readJson(await orIfMissing(readFile(file, "utf8"), ""));
    if (fieldOf(owner, "life") === life) return utimes(file, now() / 1_000, now() / 1_000);
    clearInterval(timer);
    onLost();
  };
  // A disk that takes nothing now: the records say so, louder.
  const timer = setInterval(() => void touch().catch(() => {}), TOUCH_MS).unref();
  void touch().catch(() => {});
  return { release: () => clearInterval(timer) };
}

/** Whether that is a process that lives, and another one than this. */
function isOther(pid: number): boolean {
  // In a container each life has the same id.
  if (pid === process.pid || !Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== "ESRCH";
  }
}
