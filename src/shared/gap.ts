// Waiting for what a reload of the plugin takes away for a moment, until somebody brings it again.

/** Whoever waits at one gap. */
export interface Gap {
  /** Resolves at the next `close`, or after `ms`. */
  wait(ms: number): Promise<void>;
  /** What was waited for is there. */
  close(): void;
}

/** Nobody waits yet. */
export function createGap(): Gap {
  const waiting = new Set<() => void>();
  return {
    wait: (ms) =>
      new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, ms).unref();
        waiting.add(wake);
      }),
    close() {
      for (const wake of waiting) wake();
    },
  };
}
