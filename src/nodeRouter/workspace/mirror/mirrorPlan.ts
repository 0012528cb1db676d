// Compares a folder on the node with that of the gateway: what it lacks, has too much of, or has otherwise. Pure.

import type { Manifest } from "./manifest.ts";
import type { FolderMemory } from "./mirrorMemory.ts";

/** Content where only that there is a file is known. */
export const PRESENT = "present";

export interface MirrorPlan {
  /** Relative paths that the node lacks or has otherwise. */
  readonly send: ReadonlySet<string>;
  readonly remove: readonly string[];
  /** What the owner's list on the node is to say; null: it says so, or the folder has none. */
  readonly list: Map<string, string> | null;
}

/**
 * @param wanted content by path: all that the source has.
 * @param isComplete false: what the source lacks may only not be there yet, so nothing is removed.
 */
export function planMirror(
  wanted: ReadonlyMap<string, string>,
  known: Pick<FolderMemory, "files" | "lists">,
  owner: string,
  isComplete: boolean,
): MirrorPlan {
  const own: ReadonlyMap<string, string> = known.lists.get(owner) ?? new Map();
  const send = new Set(
    [...wanted].flatMap(([path, content]) => (known.files?.get(path) === content ? [] : [path])),
  );
  const gone = isComplete ? [...own.keys()].filter((path) => !wanted.has(path)) : [];
  const others = [...known.lists].filter(([other]) => other !== owner).map(([, list]) => list);
  // What is not removed yet stays in the list, so that it is known to be ours.
  const list = new Map([...(isComplete ? [] : own), ...wanted]);
  const isListed = list.size === own.size && [...list].every(([path, content]) => own.get(path) === content);
  return {
    send,
    remove: gone.filter((path) => !others.some((other) => other.has(path))),
    // A file that is sent is newer than the list, and would be taken for changed by somebody else.
    list: isListed && send.size === 0 ? null : list,
  };
}

/** What is not there. */
export function planAdd(wanted: Iterable<string>, known: Pick<FolderMemory, "files">): MirrorPlan {
  return { send: new Set([...wanted].filter((path) => !known.files?.has(path))), remove: [], list: null };
}

/**
 * What a mirrored folder has, by the lists in it: where two owners brought different files of one name, nobody
 * knows which one is there now, nor what a file is that changed after the newest list.
 */
export function filesByLists(
  manifests: readonly Manifest[],
  suspect: ReadonlySet<string>,
): Map<string, string> {
  const files = new Map<string, string>();
  const unclear = new Set(suspect);
  for (const [path, content] of manifests.flatMap((manifest) => [...manifest.files])) {
    const before = files.get(path);
    if (before !== undefined && before !== content) unclear.add(path);
    files.set(path, content);
  }
  for (const path of unclear) files.delete(path);
  return files;
}
