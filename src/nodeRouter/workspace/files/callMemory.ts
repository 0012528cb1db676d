// What each tool call has read: its own steps need not ask again, and its write must find what it read. No I/O.
import path from "node:path";
import { cksumInSlices } from "./cksum.ts";
import type { FileStat } from "./fileBridge.ts";

/** What a look found. */
export type SeenFile = There | Missing;

export interface There {
  readonly kind: "there";
  readonly stat: FileStat;
  /** The node's own words for size, times, mode and owner. */
  readonly facts: string;
  /** Its path with all symlinks resolved. */
  readonly physical: string;
  /** Null when it was not sent along. */
  readonly content: Buffer | null;
}

export interface Missing {
  readonly kind: "missing";
  /** `makeable`: some directories above it are missing and can be made. */
  readonly parent: "there" | "makeable" | "closed";
}

/** What a call was given of a file, and what its write has to find again. */
export type Base =
  | { readonly kind: "missing" }
  | {
      readonly kind: "content";
      readonly size: number;
      readonly facts: string;
      /** POSIX `cksum` of the content; worked out when it is first asked for. */
      readonly sum: () => Promise<number>;
    };

/** What a write left behind, as the node confirmed it. */
export interface Written {
  readonly physical: string;
  readonly stat: FileStat;
  readonly facts: string;
  readonly sum: number;
  /** Null when it may differ from what is there by now. */
  readonly content: Buffer | null;
}

/** One call's memory. Files are called by their absolute path on the node. */
export interface CallMemory {
  /** Whether what one step learnt may answer the next. */
  readonly answers: boolean;
  /**
   * What a step of this call has seen of the file; null when the node has to be asked.
   * @throws the error that refused this call's write: nothing may make a success of it
   */
  seen(file: string): SeenFile | null;
  /** A look has ended. */
  saw(file: string, seen: SeenFile): void;
  /** The call was told that the file is missing, or was given its content. */
  gave(file: string, seen: SeenFile): void;
  /** Null when the call was given nothing of the file. @throws as `seen` */
  base(file: string): Base | null;
  /** A write was sent: what was seen no longer counts. What was given still does, until a write has ended well. */
  forget(file: string): void;
  wrote(file: string, written: Written | null): void;
  /** The file was another than the call was given. */
  refused(file: string, error: Error): void;
  /** Something else than one file's content was changed. */
  clear(): void;
  /** Whether the directory was there in this call, or can be made by the write that follows. */
  directory(directory: string): "there" | "makeable" | null;
}

export interface CallMemories {
  /** A file tool begins with this file in the current call. */
  announce(): void;
  current(): CallMemory;
}

/** Files whose base is kept for calls that cannot be told apart. */
const MAX_LOOSE = 64;

/**
 * @param currentCall an object for each call. A call counts once a file tool has announced itself in it, because
 *   runs that a call has begun inherit its object. Everything else asks the node at every step, and has one memory
 *   together, which only holds what a write must find: the host lets one file tool at a time work on a file.
 */
export function createCallMemories(currentCall: () => object | null): CallMemories {
  // A call's memory goes with the call.
  const calls = new WeakMap<object, CallMemory>();
  const loose = createMemory(false);
  return {
    announce() {
      const call = currentCall();
      if (call !== null && !calls.has(call)) calls.set(call, createMemory(true));
    },
    current() {
      const call = currentCall();
      return (call === null ? undefined : calls.get(call)) ?? loose;
    },
  };
}

interface Known {
  seen: SeenFile | null;
  base: Base | null;
  refusal: Error | null;
}

function createMemory(answers: boolean): CallMemory {
  const files = new Map<string, Known>();
  const known = (file: string): Known => {
    const entry = files.get(file) ?? { seen: null, base: null, refusal: null };
    // Last used, last in the map.
    files.delete(file);
    files.set(file, entry);
    const [oldest = file] = files.keys();
    if (!answers && files.size > MAX_LOOSE) files.delete(oldest);
    return entry;
  };
  const asking = (file: string): Known | null => {
    const entry = files.get(file) ?? null;
    if (entry !== null && entry.refusal !== null) throw entry.refusal;
    return entry;
  };

  return {
    answers,
    seen: (file) => asking(file)?.seen ?? null,
    saw(file, seen) {
      if (answers) known(file).seen = seen;
      // A new look begins another call's steps, as far as can be told.
      else known(file).base = null;
    },
    gave(file, seen) {
      const base = baseOf(seen);
      known(file).base = base;
      // So that the content need not be kept for long.
      if (!answers && base?.kind === "content") void base.sum();
    },
    base: (file) => asking(file)?.base ?? null,
    forget(file) {
      const entry = files.get(file);
      if (entry !== undefined) entry.seen = null;
    },
    wrote(file, written) {
      // A call that is not told apart may end here, and the next one's write does not follow its reads.
      if (written === null || !answers) {
        files.delete(file);
        return;
      }
      // The same file under its other names.
      for (const [other, { seen }] of files) {
        if (seen?.kind === "there" && seen.physical === written.physical) files.delete(other);
      }
      const { sum, ...rest } = written;
      const entry = known(file);
      entry.base = {
        kind: "content",
        size: rest.stat.size,
        facts: rest.facts,
        sum: async () => sum,
      };
      entry.seen = rest.content === null ? null : { kind: "there", ...rest };
    },
    refused(file, error) {
      if (answers) known(file).refusal = error;
      else files.delete(file);
    },
    clear: () => files.clear(),
    directory(directory) {
      for (const [file, { seen }] of files) {
        if (seen === null || path.posix.dirname(file) !== directory) continue;
        if (seen.kind === "there" || seen.parent === "there") return "there";
        if (seen.parent === "makeable") return "makeable";
      }
      return null;
    },
  };
}

function baseOf(seen: SeenFile): Base | null {
  if (seen.kind === "missing") return { kind: "missing" };
  const { content, facts } = seen;
  if (content === null) return null;
  let held: Buffer | null = content;
  let sum: Promise<number> | null = null;
  return {
    kind: "content",
    size: content.length,
    facts,
    sum: () => {
      sum ??= cksumInSlices(held ?? Buffer.alloc(0));
      held = null;
      return sum;
    },
  };
}
