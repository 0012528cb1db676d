// Puts the full file aside and removes the oldest ones: one gateway at a time, by what is on the disk then.
import { dirname } from "node:path";
import { firstSeal } from "./chain.ts";
import { ledgerFiles, type PlacedFile } from "./ledgerFiles.ts";
import type { LedgerFs } from "./ledgerFs.ts";

export interface Retention {
  /** How many of the files that are aside, from the oldest, may go now. @param aside the newest first */
  readonly removable: (aside: readonly PlacedFile[]) => number;
  /** That many of the oldest are gone; `first`: what the first record that is left says stood before it. */
  readonly onRemoved: (count: number, first: string | null) => void;
}

/**
 * Does nothing while another gateway does it, nor where one has done it: what has the name then is another file.
 * @param identity of the file that is full.
 * @throws whatever the disk says; the files are whole then, whatever their names
 */
export async function putAside(
  fs: LedgerFs,
  file: string,
  identity: string,
  retention: Retention,
): Promise<void> {
  await fs.alone(file, async () => {
    if ((await fs.look(file))?.identity !== identity) return;
    const taken = await fs.numbered(dirname(file), file);
    // Up to the first number that is free: no file is ever put over another one.
    let free = 1;
    while (taken.includes(free)) free++;
    for (let number = free - 1; number >= 1; number--) {
      await fs.rename(`${file}.${number}`, `${file}.${number + 1}`);
    }
    await fs.rename(file, `${file}.1`);
    await removeOldest(fs, file, retention);
  });
}

/** One that cannot be removed stays, and is tried again at the next rotation. */
async function removeOldest(fs: LedgerFs, file: string, { removable, onRemoved }: Retention): Promise<void> {
  const aside = (await ledgerFiles(fs, file)).filter(({ number }) => number > 0);
  const kept = aside.length - removable(aside);
  let removed = 0;
  try {
    for (const { name } of aside.slice(kept).toReversed()) if (await fs.remove(name)) removed++;
  } finally {
    const oldest = aside.at(-1 - removed);
    if (removed > 0) onRemoved(removed, oldest === undefined ? null : await firstBefore(fs, oldest.name));
  }
}

/** Null: nobody can read it. */
async function firstBefore(fs: LedgerFs, oldest: string): Promise<string | null> {
  try {
    for await (const chunk of fs.read(oldest)) return firstSeal(chunk.toString("utf8"))?.before ?? null;
  } catch {
    // Then the check of the ledger says that its beginning is missing.
  }
  return null;
}
