// What a gateway remembers of the files that it brought to its nodes.
import type { NodeRouterError } from "../../../shared/errors.ts";
import { type ContentCache, createContentCache } from "./content.ts";
import type { SkippedFile } from "./mirrorSource.ts";

/** What is known of the files in one folder of one node. */
export interface FolderMemory {
  /**
   * SHA-256 by relative path, followed by `x` for a program; `present` where only that is known. Null: the node
   * is to be asked.
   */
  files: Map<string, string> | null;
  /** What each owner brought. */
  lists: Map<string, ReadonlyMap<string, string>>;
  /** Local folders whose files the node was asked about. */
  readonly asked: Set<string>;
  /** Sources that were found to be there whole, by owner and local folder; empty after every change. */
  readonly settled: Map<string, SettledSource>;
  /** Epoch ms of the last answer. */
  askedMs: number;
  /** One change at a time, whoever makes it. Never rejects: resolves to the error of a node that hung, else null. */
  busy: Promise<NodeRouterError | null>;
  /** Those that are under way or wait for it. */
  turns: number;
}

export interface SettledSource {
  /** The stamp of its mark. */
  readonly mark: string;
  readonly skipped: readonly SkippedFile[];
}

export interface MirrorMemory {
  readonly contents: ContentCache;
  folder(node: string, directory: string): FolderMemory;
  forget(node: string): void;
}

/** One a process, and empty: the first run after a start asks each node what it has. */
export function createMirrorMemory(): MirrorMemory {
  const nodes = new Map<string, Map<string, FolderMemory>>();
  return {
    contents: createContentCache(),
    folder(node, directory) {
      const folders = nodes.get(node) ?? new Map<string, FolderMemory>();
      nodes.set(node, folders);
      const folder = folders.get(directory) ?? {
        files: null,
        lists: new Map(),
        asked: new Set(),
        settled: new Map(),
        askedMs: 0,
        busy: Promise.resolve(null),
        turns: 0,
      };
      folders.set(directory, folder);
      return folder;
    },
    forget(node) {
      for (const folder of nodes.get(node)?.values() ?? []) folder.files = null;
    },
  };
}
