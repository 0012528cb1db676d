// The newest calls, found by run: a new call looks at the calls of its own run, not at everybody's.
import { FairMap } from "../../shared/fairMap.ts";

/** What names one call; neither is empty. */
interface Named {
  readonly runId: string;
  readonly toolCallId: string;
  readonly agent: string;
}

/** At most `limit` calls, the oldest of the agent with the most forgotten first; an id set again is the newest. */
export class CallIndex<T extends Named> {
  /** By both ids, oldest first. */
  readonly #all: FairMap<string, T>;
  readonly #runs = new Map<string, Map<string, T>>();

  constructor(limit: number) {
    this.#all = new FairMap(
      limit,
      (_key, { agent }) => agent,
      (_key, { runId, toolCallId }) => this.#forget(runId, toolCallId),
    );
  }

  set(call: T): void {
    this.delete(call.runId, call.toolCallId);
    const run = this.#runs.get(call.runId) ?? new Map<string, T>();
    this.#runs.set(call.runId, run.set(call.toolCallId, call));
    this.#all.set(keyOf(call.runId, call.toolCallId), call);
  }

  get(runId: string, toolCallId: string): T | null {
    return this.#runs.get(runId)?.get(toolCallId) ?? null;
  }

  delete(runId: string, toolCallId: string): void {
    this.#all.delete(keyOf(runId, toolCallId));
    this.#forget(runId, toolCallId);
  }

  #forget(runId: string, toolCallId: string): void {
    const run = this.#runs.get(runId);
    run?.delete(toolCallId);
    if (run?.size === 0) this.#runs.delete(runId);
  }

  /** Oldest first. */
  of(runId: string): readonly T[] {
    return [...(this.#runs.get(runId)?.values() ?? [])];
  }

  /** Of every run. */
  values(): Iterable<T> {
    return this.#all.values();
  }

  /** How many runs have calls. */
  get runs(): number {
    return this.#runs.size;
  }
}

function keyOf(runId: string, toolCallId: string): string {
  return `${runId}\0${toolCallId}`;
}
