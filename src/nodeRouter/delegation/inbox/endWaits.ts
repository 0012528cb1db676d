// Peers that wait for the end of a task: each is answered at the end, when its time is over, or when the gateway stops.

export interface EndWaits {
  /** Resolves at `wake`, at `wakeAll`, or after so long. */
  until(taskId: string, waitMs: number): Promise<void>;
  wake(taskId: string): void;
  wakeAll(): void;
}

const WATCH_MS = 2_000;

/** @param check rejects once the gateway is being stopped */
export function createEndWaits(check: () => Promise<unknown>): EndWaits {
  const waiting = new Map<string, Set<() => void>>();
  const wakeAll = (): void => {
    for (const wakes of waiting.values()) for (const wake of [...wakes]) wake();
  };
  let isWatched = false;
  /** A gateway that is being stopped tells nobody, and waits for open answers before it goes on (2026.9.6). */
  const watch = (): void => {
    if (isWatched) return;
    isWatched = true;
    const look = () => {
      isWatched = false;
      check().then(() => {
        if (waiting.size > 0) watch();
      }, wakeAll);
    };
    setTimeout(look, WATCH_MS).unref();
  };
  return {
    until: (taskId, waitMs) =>
      new Promise((resolve) => {
        const wakes = waiting.get(taskId) ?? new Set();
        waiting.set(taskId, wakes);
        const wake = () => {
          clearTimeout(timer);
          wakes.delete(wake);
          if (wakes.size === 0) waiting.delete(taskId);
          resolve();
        };
        const timer = setTimeout(wake, waitMs);
        wakes.add(wake);
        watch();
      }),
    wake(taskId) {
      for (const wake of waiting.get(taskId) ?? []) wake();
    },
    wakeAll,
  };
}
