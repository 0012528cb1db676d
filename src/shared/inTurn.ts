// One thing at a time for each key, in the order in which they were asked for.

export interface Turns {
  /** Begins when everything of that key that was asked for before is over, whatever became of it. */
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
  /** Resolves when nothing is under way, also of what was asked for meanwhile. Never rejects. */
  idle(): Promise<void>;
}

/** Keys that have nothing under way are forgotten. */
export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return {
    run(key, work) {
      const before = last.get(key) ?? Promise.resolve();
      const done = before.then(work, work);
      last.set(key, done);
      const forget = (): void => {
        if (last.get(key) === done) last.delete(key);
      };
      done.then(forget, forget);
      return done;
    },
    async idle() {
      while (last.size > 0) await Promise.allSettled(last.values());
    },
  };
}
