// What the node said of files a moment ago, so that the steps of one tool call need not ask again. No I/O.
import path from "node:path";
import type { FileStat } from "./contract.ts";

/** How long an answer may wait for the step that uses it. */
export const KEEP_MS = 1000;

/**
 * How long after a read the same answer serves the next one. The host reads a long text in pages, each time from
 * the start, and takes a file twice in a row to compare it: both within the same breath.
 */
export const PAGE_MS = 100;

/** What a look found. */
export type Seen =
  | {
      readonly kind: "there";
      readonly stat: FileStat;
      /** Its path with all symlinks resolved. */
      readonly physical: string;
      /** Null when it was not sent along. */
      readonly content: Buffer | null;
    }
  | {
      readonly kind: "missing";
      /** `makeable`: some directories above it are missing and can be made. */
      readonly parent: "there" | "makeable" | "closed";
    };

/** What a write that was confirmed by checksum left behind: each half is given out once. */
export interface Written {
  readonly stat: FileStat;
  readonly content: Buffer;
}

/** A look on its way. */
export interface PendingLook {
  /** To be called once. Keeps the answer, unless something was changed meanwhile that it may not show. */
  settled(seen: Seen | null, isRead: boolean): void;
}

export interface Snapshots {
  /** To be called before the question is sent. */
  begin(file: string): PendingLook;
  /** The same file, with what was said of it a moment ago; null when it must be asked. */
  statOf(file: string): FileStat | null;
  read(file: string): Seen | null;
  /** Whether the directory was there a moment ago, or can be made by the write that follows. */
  directory(directory: string): "there" | "makeable" | null;
  /** A write of `file` is about to start: what was said of it no longer counts. */
  forget(file: string): void;
  /** A write has ended. `written` is null when nothing can be said of its content. */
  wrote(file: string, physical: string, written: Written | null): void;
  clear(): void;
}

interface Kept {
  readonly takenAt: number;
  readonly seen: Seen;
  /** When it was last used for a read; null when not yet. */
  readAt: number | null;
}

interface KeptWrite {
  readonly takenAt: number;
  readonly physical: string;
  readonly written: Written;
  stat: boolean;
  read: boolean;
}

export function createSnapshots(now: () => number): Snapshots {
  const looks = new Map<string, Kept>();
  const writes = new Map<string, KeptWrite>();
  const underway = new Set<{ isStale: boolean; readonly changed: Set<string> }>();

  const sweep = (): void => {
    for (const map of [looks, writes]) {
      for (const [file, { takenAt }] of map) if (now() - takenAt > KEEP_MS) map.delete(file);
    }
  };
  const fresh = (file: string): Kept | null => {
    sweep();
    const kept = looks.get(file);
    if (kept === undefined || (kept.readAt !== null && now() - kept.readAt > PAGE_MS)) return null;
    return kept;
  };
  const forget = (file: string): void => {
    looks.delete(file);
    writes.delete(file);
    for (const look of underway) look.changed.add(file);
  };

  return {
    begin(file) {
      const look = { isStale: false, changed: new Set<string>() };
      underway.add(look);
      return {
        settled(seen, isRead) {
          underway.delete(look);
          if (seen === null) return;
          const physical = seen.kind === "there" ? seen.physical : file;
          if (look.isStale || look.changed.has(file) || look.changed.has(physical)) return;
          looks.set(file, { takenAt: now(), seen, readAt: isRead ? now() : null });
        },
      };
    },
    statOf(file) {
      const kept = fresh(file);
      const written = writes.get(file);
      if (written?.stat) {
        written.stat = false;
        return written.written.stat;
      }
      // A new look at the file is a new question; only the pages of one read are one.
      return kept !== null && kept.readAt !== null && kept.seen.kind === "there" ? kept.seen.stat : null;
    },
    read(file) {
      const kept = fresh(file);
      const written = writes.get(file);
      if (written?.read) {
        writes.delete(file);
        return { kind: "there", physical: written.physical, ...written.written };
      }
      if (kept === null || kept.seen.kind !== "there" || kept.seen.content === null) return null;
      kept.readAt = now();
      return kept.seen;
    },
    directory(directory) {
      sweep();
      for (const [file, { seen }] of looks) {
        if (path.posix.dirname(file) !== directory) continue;
        if (seen.kind === "there" || seen.parent === "there") return "there";
        if (seen.parent === "makeable") return "makeable";
      }
      return null;
    },
    forget,
    wrote(file, physical, written) {
      forget(file);
      for (const [other, { seen }] of looks) {
        if (seen.kind === "there" && seen.physical === physical) looks.delete(other);
      }
      for (const [other, kept] of writes) if (kept.physical === physical) writes.delete(other);
      for (const look of underway) look.changed.add(physical);
      if (written !== null) {
        writes.set(file, { takenAt: now(), physical, written, stat: true, read: true });
      }
    },
    clear() {
      looks.clear();
      writes.clear();
      for (const look of underway) look.isStale = true;
    },
  };
}
