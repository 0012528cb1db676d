// Circuit breaker of one node: after transport failures, no new connection is tried for a growing while. Pure.

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

export interface Breaker {
  /** Failures in a row. */
  readonly failures: number;
  /** Epoch ms before which nothing is tried. */
  readonly openUntilMs: number;
  /** What the last failure said; null after a success. */
  readonly lastError: string | null;
}

export const CLOSED: Breaker = { failures: 0, openUntilMs: 0, lastError: null };

/** Only for failures of the transport: a wrong key stays wrong however long one waits. */
export function afterFailure(breaker: Breaker, nowMs: number, lastError: string): Breaker {
  const failures = breaker.failures + 1;
  const waitMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 16));
  return { failures, openUntilMs: nowMs + waitMs, lastError };
}

/** Milliseconds until the next try; 0 = now. */
export function waitMs(breaker: Breaker, nowMs: number): number {
  return Math.max(0, breaker.openUntilMs - nowMs);
}
