// A file of entries that several processes write: each puts what it said itself over what the others said.
import { BoundedMap } from "./bounded.ts";
import type { SharedStore } from "./stateFile.ts";

/** Of a disk that takes nothing for long; each write that works empties it. */
const MAX_SAID = 10_000;

export interface SharedEntries {
  /** What this process says of the key, also that it is gone, is newer than what is kept, until it is written. */
  said(key: string): void;
  /** What it said is taken back. */
  unsaid(key: string): void;
  isSaid(key: string): boolean;
  /** One at a time. @throws what the disk says; then it is all said still */
  write(store: SharedStore): Promise<void>;
}

/**
 * @param takeIn told before each write what is kept; what it throws says that nobody can read that, and it is written anew.
 * @param text what is to be kept.
 */
export function createSharedEntries(
  takeIn: (kept: string | null) => void,
  text: () => string,
): SharedEntries {
  let said = new BoundedMap<string, true>(MAX_SAID);
  return {
    said: (key) => void said.set(key, true),
    unsaid: (key) => void said.delete(key),
    isSaid: (key) => said.has(key),
    write: (store) =>
      store.alone(async () => {
        const kept = await store.read();
        try {
          takeIn(kept);
        } catch {
          // It was told when it was loaded.
        }
        const saying = said;
        const writing = text();
        said = new BoundedMap(MAX_SAID);
        try {
          await store.write(writing);
        } catch (error) {
          for (const key of saying.keys()) said.set(key, true);
          throw error;
        }
      }),
  };
}

/** What is kept, in the order of ours, with theirs for what only they have or we said nothing of; that comes first. */
export function withTheirs<V>(
  ours: Iterable<readonly [string, V]>,
  theirs: ReadonlyMap<string, V>,
): readonly V[] {
  const own = new Map(ours);
  const only = [...theirs].flatMap(([key, value]) => (own.has(key) ? [] : [value]));
  return [...only, ...[...own].map(([key, value]) => theirs.get(key) ?? value)];
}
