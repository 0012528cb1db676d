// What a mirror is made with, and what it does.

import type { CollectCommand } from "../../transports/transport.ts";
import type { MirrorMemory } from "./mirrorMemory.ts";
import type { MirrorSource, SkippedFile } from "./mirrorSource.ts";

export interface MirrorOptions {
  readonly run: CollectCommand;
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
