// The newest calls, found by run: a new call looks at the calls of its own run, not at everybody's.

/** What names one call; neither is empty. */
interface Named {
  readonly runId: string;
  readonly toolCallId: string;
}

/** At most `limit` calls, the oldest forgotten first; an id set again is the newest. */
export class CallIndex<T extends Named> {
  /** By both ids, oldest first. */
  readonly #all = new Map<string, T>();
  readonly #runs = new Map<string, Map<string, T>>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  set(call: T): void {
    this.delete(call.runId, call.toolCallId);
    this.#all.set(keyOf(call.runId, call.toolCallId), call);
    const run = this.#runs.get(call.runId) ?? new Map<string, T>();
    this.#runs.set(call.runId, run.set(call.toolCallId, call));
    for (const oldest of this.#all.values()) {
      if (this.#all.size <= this.#limit) break;
      this.delete(oldest.runId, oldest.toolCallId);
    }
  }

  get(runId: string, toolCallId: string): T | null {
    return this.#runs.get(runId)?.get(toolCallId) ?? null;
  }

  delete(runId: string, toolCallId: string): void {
    this.#all.delete(keyOf(runId, toolCallId));
    const run = this.#runs.get(runId);
    run?.delete(toolCallId);
    if (run?.size === 0) this.#runs.delete(runId);
  }

  /** Oldest first. */
  of(runId: string): readonly T[] {
    return [...(this.#runs.get(runId)?.values() ?? [])];
  }

  /** How many runs have calls. */
  get runs(): number {
    return this.#runs.size;
  }
}

function keyOf(runId: string, toolCallId: string): string {
  return `${runId}\0${toolCallId}`;
}
