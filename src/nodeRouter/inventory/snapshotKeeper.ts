// Keeps the snapshot up while calls are made, so that a call only reads it: lists and facts come in between calls.
import { defineSlot } from "../../shared/processMemory.ts";

/** A list is read again at this age, so that no call finds one that is too old. Milliseconds. */
export const KEEP_MS = 750;
/** So long after the last call the list is kept up; then it is read when the next call comes. */
const ACTIVE_MS = 60_000;
/** Of the gateway's time at most this share goes into keeping up: many nodes are read less often. */
const SHARE = 0.1;

export interface SnapshotKeeper {
  /** A call has read the snapshot, and more may come. */
  used(): void;
  /** Something is known anew. */
  changed(): void;
  stop(): void;
}

export interface KeeperParts {
  /** Reads the host's list if it is older than this. May reject: the next call then reads it, and says why not. */
  readonly read: (maxAgeMs: number) => Promise<unknown>;
  /** Makes the snapshot of what is known now. */
  readonly build: () => void;
  /** Milliseconds of a clock that is never set. */
  readonly monotonic: () => number;
}

/** One in a gateway process, while its nodes are observed. */
export const SNAPSHOT_KEEPER = defineSlot<SnapshotKeeper>("snapshot-keeper", 1);

/** Does nothing until the first `used()`. */
export function createSnapshotKeeper({ read, build, monotonic }: KeeperParts): SnapshotKeeper {
  let usedMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | null = null;
  let isStopped = false;
  const isActive = (): boolean => !isStopped && monotonic() - usedMs < ACTIVE_MS;

  const wait = (ms: number): void => {
    timer = setTimeout(keepUp, ms).unref();
  };
  const keepUp = async (): Promise<void> => {
    if (!isActive()) {
      timer = null;
      return;
    }
    const beganMs = monotonic();
    await read(KEEP_MS / 2).catch(() => {});
    if (isStopped) return;
    build();
    wait(Math.max(KEEP_MS, (monotonic() - beganMs) / SHARE));
  };

  return {
    used() {
      usedMs = monotonic();
      if (timer === null && !isStopped) wait(KEEP_MS);
    },
    changed() {
      if (isActive()) build();
    },
    stop() {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
