// What the mirror brings to a node and how it is asked: folders of the gateway that a node must have a copy of.
import type { NodeRouterError } from "../../../errors.ts";
import type { Collected, CollectLimits, CommandRequest } from "../../transports/ssh/contract.ts";
import { type ContentCache, createContentCache } from "./content.ts";

/** Runs one command on the node and collects its output: one round trip. Never rejects. */
export type RunScript = (request: CommandRequest, limits?: CollectLimits) => Promise<Collected>;

/** One folder to be brought. */
export interface MirrorSource {
  /** For messages: `skills`, `attachments`. */
  readonly what: string;
  /** Absolute, on the gateway. Missing is the same as empty. */
  readonly localDir: string;
  /** On the node, with `/`: absolute, or relative to the workspace. */
  readonly remoteDir: string;
  /**
   * `mirror`: the folder is ours. It gets what is new and changed, and loses what is gone, of what we brought.
   * `add`: the folder is the user's. It gets what is not there; nothing in it is ever changed or removed.
   */
  readonly mode: "mirror" | "add";
  /** Whether this path, relative and with `/`, is to be brought. Asked for folders too. Default: all of them. */
  readonly include?: (path: string) => boolean;
  /**
   * Relative path of a file that whoever fills the folder removes before every change and writes anew after it.
   * Without it nothing is removed, and as long as it is untouched the folder is not looked through again.
   */
  readonly completeMark?: string;
}

export interface MirrorOptions {
  readonly run: RunScript;
  /** The node's name. */
  readonly node: string;
  /** The workspace on the node: absolute. */
  readonly root: string;
  /**
   * Whose copies these are, for example the sandbox's scope key. What several owners bring to one folder is kept
   * as long as one of them has it.
   */
  readonly owner: string;
  /** Asked at every `ensure`. */
  readonly sources: () => readonly MirrorSource[];
  /** Epoch ms. */
  readonly now: () => number;
  /** What is known of nodes: one for all mirrors of a process. */
  readonly memory: MirrorMemory;
}

export interface Mirror {
  /**
   * Resolves when everything that was in the sources at the time of the call is on the node: at once, without a
   * round trip, when nothing changed. Calls at one time share one run.
   * @throws NodeRouterError FILE_FAILED, or the code of a command that was not started. Nothing but the copying
   * was begun; the next call tries again.
   */
  ensure(): Promise<void>;
  /** The node may have lost its files (new connection, other machine): the next `ensure` asks it. */
  forget(): void;
  /** Files of the last run that were not brought, with the reason: links that lead out, too large, too many. */
  skipped(): readonly SkippedFile[];
}

export interface SkippedFile {
  /** On the gateway, absolute. */
  readonly path: string;
  readonly reason: string;
}

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
