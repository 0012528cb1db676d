// Circuit breaker of one node: after transport failures, no new connection is tried for a growing while. Pure.
import type { Refusal } from "../../../../shared/refusal.ts";

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;
/** Between the begins of two attempts that nobody but presence asked for. */
const PROBE_EVERY_MS = 3_000;
/** What is lost sooner was no success: a server may let a client in and then throw it out. */
export const LASTS_MS = 5_000;

export interface Breaker {
  /** Failures in a row. */
  readonly failures: number;
  /** Epoch ms before which nothing is tried. */
  readonly openUntilMs: number;
  /** The last failure; null after a success. */
  readonly lastError: Refusal | null;
}

export const CLOSED: Breaker = { failures: 0, openUntilMs: 0, lastError: null };

/** Only for failures of the transport: a wrong key stays wrong however long one waits. */
export function afterFailure(breaker: Breaker, nowMs: number, lastError: Refusal): Breaker {
  const failures = breaker.failures + 1;
  return { failures, openUntilMs: nowMs + growing(failures), lastError };
}

/** Milliseconds until the next try; 0 = now. */
export function waitMs(breaker: Breaker, nowMs: number): number {
  return until(breaker.openUntilMs, nowMs);
}

/**
 * When presence tries a node of itself. Apart from the breaker: of a machine that is off, one packet every 3 s asks
 * whether it is back, while commands go on to fail at once; and a server that refuses a login, which the breaker
 * does not count, is asked less and less often, because servers keep such clients out for good.
 */
export interface Probing {
  /** Failures in a row, since the last success, of attempts that had reached the server. */
  readonly failures: number;
  /** Epoch ms before which presence tries nothing. */
  readonly notBeforeMs: number;
}

export const NEVER_PROBED: Probing = { failures: 0, notBeforeMs: 0 };

/** An attempt begins, whoever asked for it. */
export function afterAttempt(probing: Probing, nowMs: number): Probing {
  return { ...probing, notBeforeMs: nowMs + PROBE_EVERY_MS };
}

/** The server was reached, and no connection came of it that lasted. */
export function afterRefusal(probing: Probing, nowMs: number): Probing {
  const failures = probing.failures + 1;
  return { failures, notBeforeMs: nowMs + Math.max(PROBE_EVERY_MS, growing(failures)) };
}

/** There is a connection, and it lasts. */
export function afterSuccess({ notBeforeMs }: Probing): Probing {
  return { failures: 0, notBeforeMs };
}

/** Milliseconds until presence may try again; 0 = now. */
export function probeWaitMs(probing: Probing, nowMs: number): number {
  return until(probing.notBeforeMs, nowMs);
}

function growing(failures: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 16));
}

/** Longer than the longest wait: the clock was set back, and nobody is to wait for it to come round again. */
function until(thenMs: number, nowMs: number): number {
  const wait = Math.max(0, thenMs - nowMs);
  return wait > LONGEST_MS ? 0 : wait;
}
