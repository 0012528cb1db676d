// Waiting with a deadline: every wait of the harness says what it waited for when it gives up.

/** Resolves after `ms`; only for the gap between two looks at a condition. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** For `vi.waitFor`, which gives up after a second otherwise: this machine may be busy. */
export const SLOW = { timeout: 40_000, interval: 20 };

/** A look may be an agent's whole turn, and what is waited for needs the processor too: the longer, the less often. */
const growing = (waitedMs: number): number => Math.min(Math.max(50, waitedMs / 10), 500);

/**
 * Looks until `look` returns something other than undefined, null or false.
 * @param options.everyMs default: 50 at first, a tenth of the time that it has waited later, 500 at most.
 */
export async function waitFor<T>(
  what: string,
  look: () => T | Promise<T>,
  options: { timeoutMs?: number; everyMs?: number; onTimeout?: () => string } = {},
): Promise<Exclude<T, undefined | null | false>> {
  const { timeoutMs = 200_000, everyMs, onTimeout } = options;
  const started = Date.now();
  const deadline = started + timeoutMs;
  for (;;) {
    // Who was held up meanwhile looks once more.
    const isLast = Date.now() > deadline;
    const found = await look();
    if (found !== undefined && found !== null && found !== false) {
      return found as Exclude<T, undefined | null | false>;
    }
    if (isLast) {
      throw new Error(
        `gave up after ${timeoutMs / 1000} s waiting for ${what}${onTimeout ? `\n${onTimeout()}` : ""}`,
      );
    }
    await pause(everyMs ?? growing(Date.now() - started));
  }
}
