// Keys of commands that are over: a message about one that comes late must not begin it again.
import { BoundedMap } from "../../../../shared/bounded.ts";

/** No message is on its way for so long: a connection's own bytes end with it, and a call waits for seconds. */
export const BARRED_MS = 900_000;
/** Keys that are remembered at most: some MB. With more, nothing new begins until some are old enough. */
export const MAX_BARRED = 65_536;
/** Commands that began, and whose gateway did not come back: rare, so these are remembered long. */
const MAX_LEFT = 1_024;

/** What became of a command whose key is barred. */
export type Barred = "began" | "never";

/** Two generations of keys: each is remembered for one to two times `barredMs`. */
export class BarredKeys {
  #young = new Map<string, Barred>();
  #old = new Map<string, Barred>();
  #sinceMs: number;
  readonly #left = new BoundedMap<string, Barred>(MAX_LEFT);
  readonly #barredMs: number;

  /** @param nowMs of a clock that is never set. */
  constructor(nowMs: number, barredMs = BARRED_MS) {
    this.#sinceMs = nowMs;
    this.#barredMs = barredMs;
  }

  get(key: string): Barred | null {
    return this.#young.get(key) ?? this.#old.get(key) ?? this.#left.get(key) ?? null;
  }

  /** What was said of a key first stands. */
  bar(key: string, what: Barred, nowMs: number): void {
    this.#turn(nowMs);
    this.#young.set(key, this.get(key) ?? what);
  }

  /** Of one that began, and that nobody asked for any more. */
  leave(key: string): void {
    this.#left.set(key, "began");
  }

  /** Whether no further key could be remembered for long enough. */
  isFull(nowMs: number): boolean {
    this.#turn(nowMs);
    return this.#young.size + this.#old.size >= MAX_BARRED;
  }

  #turn(nowMs: number): void {
    const ageMs = nowMs - this.#sinceMs;
    if (ageMs < this.#barredMs) return;
    this.#old = ageMs < 2 * this.#barredMs ? this.#young : new Map();
    this.#young = new Map();
    this.#sinceMs = nowMs;
  }
}
