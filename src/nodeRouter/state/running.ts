// How many calls run on each node: each holds a place from its decision until it has ended, or never began.
import { FairMap } from "../../shared/fairMap.ts";
import { definePart } from "../../shared/processMemory.ts";

export interface RunningCalls {
  /** On the node with this inventory name, as far as this gateway knows. */
  on(node: string): number;
  /** The same of every node on which any call runs, at this moment: not to be kept. */
  counts(): ReadonlyMap<string, number>;
  /** The call holds a place there from now on, and no other one. @param agent whose it is. @param signal of its run. */
  take(key: string, node: string, agent: string, signal?: AbortSignal): void;
  /** What goes on after its call: the place is under another key from now on. Unknown keys are nobody's. */
  goesOn(key: string, as: string): void;
  /** It has ended, or never began. Unknown keys are nobody's. */
  release(key: string): void;
  /** A model is asked again only when its calls are over: those of the run that are left never began. */
  releaseRun(runId: string): void;
  /** Looks for calls of which nothing was heard for too long. */
  sweep(): void;
  /** Called back when a place has become free; returns what ends it. */
  onFree(listener: () => void): () => void;
}

/** A call of which nothing more is heard holds its place no longer: one that is lost for ever is worse than one too many. */
export const MAX_HELD_MS = 3_600_000;
const MAX_CALLS = 4_096;

export const RUNNING = definePart("running", 2, () => createRunning());

/** Null: the host names it in no way that a later word of it could be told by, so it is not counted. */
export function callKey(runId: string, toolCallId: string): string | null {
  return runId === "" || toolCallId === "" ? null : `call\0${runId}\0${toolCallId}`;
}

/** Of a command in a workspace that goes on in the background, by the id of its call. */
export function backgroundKey(workspaceCallId: string): string {
  return `workspace\0${workspaceCallId}`;
}

interface Held {
  readonly node: string;
  readonly agent: string;
  readonly sinceMs: number;
  /** Of its run, which tells of no other end. */
  readonly signal: AbortSignal | undefined;
  readonly onAbort: () => void;
}

/** Empty. @param monotonic milliseconds of a clock that is never set. */
export function createRunning(monotonic: () => number = () => performance.now()): RunningCalls {
  const counts = new Map<string, number>();
  const listeners = new Set<() => void>();
  const leave = (_key: string, { node, signal, onAbort }: Held): void => {
    const left = (counts.get(node) ?? 0) - 1;
    if (left > 0) counts.set(node, left);
    else counts.delete(node);
    signal?.removeEventListener("abort", onAbort);
  };
  const held = new FairMap<string, Held>(MAX_CALLS, (_key, { agent }) => agent, leave);
  const drop = (keys: readonly string[]): boolean => {
    let dropped = false;
    for (const key of keys) {
      const one = held.get(key);
      if (one === undefined) continue;
      held.delete(key);
      leave(key, one);
      dropped = true;
    }
    return dropped;
  };
  const tellIf = (isFree: boolean): void => {
    if (isFree) for (const listener of [...listeners]) listener();
  };
  const hold = (key: string, node: string, agent: string, signal?: AbortSignal): void => {
    drop([key]);
    if (signal?.aborted === true) return;
    const onAbort = (): void => tellIf(drop([key]));
    signal?.addEventListener("abort", onAbort, { once: true });
    counts.set(node, (counts.get(node) ?? 0) + 1);
    held.set(key, { node, agent, sinceMs: monotonic(), signal, onAbort });
  };
  /** The oldest are the first: every decision asks, so no others are looked at. */
  const dropOld = (): boolean => {
    const nowMs = monotonic();
    const old: string[] = [];
    for (const [key, { sinceMs }] of held) {
      if (nowMs - sinceMs < MAX_HELD_MS) break;
      old.push(key);
    }
    return drop(old);
  };
  return {
    on(node) {
      dropOld();
      return counts.get(node) ?? 0;
    },
    counts() {
      dropOld();
      return counts;
    },
    take: hold,
    goesOn(key, as) {
      const one = held.get(key);
      if (one !== undefined && drop([key])) hold(as, one.node, one.agent);
    },
    release: (key) => tellIf(drop([key])),
    releaseRun: (runId) => tellIf(drop([...held.keys()].filter((key) => key.startsWith(`call\0${runId}\0`)))),
    sweep: () => tellIf(dropOld()),
    onFree(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
