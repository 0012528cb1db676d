// A directory that waits for the write below it, which makes it too: host tools make the parent first, at one trip more.

/** How long the write may take to come: the host's tools do nothing in between. */
export const WAIT_MS = 50;

export interface PendingDirectory {
  /**
   * Leaves `directory` to the next write below it. `make` is called when another step comes first, or none: then
   * it is made all the same, a little later. Only for a directory of which the node just said that it can be made.
   */
  leave(directory: string, make: () => Promise<void>): void;
  /** The write that makes it has come. */
  take(isMade: (directory: string) => boolean): void;
  /** Makes what is still open and waits for it. Its failure is told where `make` tells it, not here. */
  settle(): Promise<void>;
}

/** @param later runs a task after so many ms, and returns what cancels it. */
export function createPendingDirectory(
  later: (task: () => void, afterMs: number) => () => void,
): PendingDirectory {
  let open: { directory: string; make: () => Promise<void>; cancel: () => void } | null = null;
  let underway: Promise<void> = Promise.resolve();

  const settle = (): Promise<void> => {
    const due = open;
    open = null;
    if (due !== null) {
      due.cancel();
      underway = due.make().catch(() => {});
    }
    return underway;
  };

  return {
    leave(directory, make) {
      void settle();
      open = { directory, make, cancel: later(() => void settle(), WAIT_MS) };
    },
    take(isMade) {
      if (open === null || !isMade(open.directory)) return;
      open.cancel();
      open = null;
    },
    settle,
  };
}

/** A timer that does not keep the process up. */
export function laterByTimer(task: () => void, afterMs: number): () => void {
  const timer = setTimeout(task, afterMs);
  timer.unref();
  return () => clearTimeout(timer);
}
