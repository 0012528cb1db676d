// How much a process that waits may say: a bound on bytes by time, so that one that floods is noticed. Pure.

/** Of what waits on a node: an answer to a ping has 40 bytes. */
export const IDLE_FLOW = { bytes: 1 << 20, ms: 60_000 };

/** What a piece of any size costs beside its bytes. */
export const PIECE = 64;

/** What one does that exceeds it. */
export const FLOODS = `printed more than ${IDLE_FLOW.bytes / 1024} KiB in ${IDLE_FLOW.ms / 1000} s`;

/** Counts bytes in windows of time. */
export class Flow {
  readonly #bound: { readonly bytes: number; readonly ms: number };
  #sinceMs = Number.NEGATIVE_INFINITY;
  #bytes = 0;

  constructor(bound: { readonly bytes: number; readonly ms: number } = IDLE_FLOW) {
    this.#bound = bound;
  }

  /** Whether there was more than may be. @param nowMs of a clock that is never set. */
  exceeds(bytes: number, nowMs: number): boolean {
    if (nowMs - this.#sinceMs >= this.#bound.ms) {
      this.#sinceMs = nowMs;
      this.#bytes = 0;
    }
    this.#bytes += bytes;
    return this.#bytes > this.#bound.bytes;
  }
}
