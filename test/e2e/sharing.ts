// Parts of one test file take one deployment by turns: a start of a gateway and its nodes costs a busy machine most of a
// minute, another config two seconds.
import { afterAll, describe } from "vitest";

interface Stoppable {
  stop(): Promise<void>;
}

/** What this test file has started, by kind; null: its deployments are not shared. */
let kept: Map<string, Stoppable> | null = null;

/**
 * Runs the tests of these modules one after the other, on the deployments that the first of them starts. What agents,
 * ledger and model have seen stays with the gateway, so a part looks at its own sessions and folders alone, and leaves
 * nodes and gateway as they were; only the last one may leave them ended.
 */
export function takeTurns(parts: Readonly<Record<string, () => Promise<unknown>>>): void {
  kept = new Map();
  for (const [title, load] of Object.entries(parts)) {
    describe(title, async () => {
      await load();
    });
  }
  afterAll(async () => {
    const all = [...(kept?.values() ?? [])];
    kept = null;
    await Promise.allSettled(all.map((one) => one.stop()));
  });
}

/**
 * What an earlier part has started as `kind`, or what `start` makes.
 * @returns `isNew`: it was made for these options. `stop`: of a turn, which ends nothing that the next one takes.
 */
export async function inTurn<T extends Stoppable>(
  kind: string,
  start: () => Promise<T>,
): Promise<{ readonly value: T; readonly isNew: boolean; stop(): Promise<void> }> {
  const before = kept?.get(kind) as T | undefined;
  const value = before ?? (await start());
  kept?.set(kind, value);
  const stop = kept === null ? () => value.stop() : async () => {};
  return { value, isNew: before === undefined, stop };
}
