// When this gateway was up, by its own files: what it took in any other time, older copies of them have forgotten.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { orIfMissing } from "../../../shared/errorCode.ts";
import { fieldOf, itemsOf, readJson } from "../../../shared/jsonParts.ts";
import type { Blank } from "../protocol/wire.ts";
import { replaceForGood } from "./recordFolder.ts";

export interface UpTimes {
  /** The newest last. */
  readonly blanks: readonly Blank[];
  /** Resolves when nothing is written any more. Never rejects. */
  close(): Promise<void>;
}

export interface UpTimesOptions {
  /** That of the records: whoever takes them away takes this, too. Made before. */
  readonly folder: string;
  /** What ended longer ago is forgotten. */
  readonly keepMs: number;
  /** Epoch ms. */
  readonly now: () => number;
}

const FILE = "up";
const TOUCH_MS = 10_000;
/**
 * A gateway that is killed was up a little longer than it wrote down. By then its peers know that it is away: what
 * they send later was not taken. SECURITY: what was taken so soon after a copy was made is not missed in that copy.
 */
const LATER_MS = 30_000;
/** More are put together, from the oldest on. */
const MAX_BLANKS = 50;

/** @throws what the disk says: then nothing may be taken */
export async function openUpTimes({ folder, keepMs, now }: UpTimesOptions): Promise<UpTimes> {
  const before = readJson(await orIfMissing(readFile(join(folder, FILE), "utf8"), ""));
  const startMs = now();
  const blanks = itemsOf(fieldOf(before, "blanks")).flatMap(readBlank);
  const upToMs = fieldOf(before, "upToMs");
  // Nothing is known of what cannot be read, or was taken away.
  const fromMs = typeof upToMs === "number" ? upToMs + LATER_MS : 0;
  if (fromMs < startMs) blanks.push({ fromMs, toMs: startMs });
  while (blanks.length > MAX_BLANKS) {
    const [first, second, ...rest] = blanks;
    if (first === undefined || second === undefined) break;
    blanks.splice(0, blanks.length, { fromMs: first.fromMs, toMs: second.toMs }, ...rest);
  }
  const kept = blanks.filter(({ toMs }) => toMs >= startMs - keepMs);
  const write = (): Promise<void> =>
    replaceForGood(folder, FILE, JSON.stringify({ upToMs: now(), blanks: kept }));
  await write();
  let last: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    last = write().catch(() => {});
  }, TOUCH_MS).unref();
  return {
    blanks: kept,
    close() {
      clearInterval(timer);
      return last.then(write).catch(() => {});
    },
  };
}

function readBlank(value: unknown): readonly Blank[] {
  const [fromMs, toMs] = [fieldOf(value, "fromMs"), fieldOf(value, "toMs")];
  return typeof fromMs === "number" && typeof toMs === "number" ? [{ fromMs, toMs }] : [];
}
