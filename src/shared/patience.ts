// How long a service of ours may make the host wait.

/**
 * A service that takes 5 s to start or to stop makes OpenClaw 2026.9.6 give up the whole reload, and with it the
 * config that was to be applied. So on a busy machine neither is waited for to its end. Milliseconds.
 */
export const PATIENCE_MS = 2_000;

/** Whether it settles in time; false: it goes on. @throws what it rejects with in time. */
export function settles(work: Promise<unknown>, ms: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(false), ms);
    timer.unref();
    work.then(() => resolve(true), reject).finally(() => clearTimeout(timer));
  });
}
