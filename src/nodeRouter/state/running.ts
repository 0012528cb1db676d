// How many calls run on each node: each holds a place from its decision until it has ended, or never began.
import { FairMap } from "../../shared/fairMap.ts";
import { definePart } from "../../shared/processMemory.ts";

export interface RunningCalls {
  /** On the node with this inventory name, as far as this gateway knows. */
  on(node: string): number;
  /** Those on which any call runs. */
  nodes(): readonly string[];
  /** The call holds a place there from now on, and no other one. @param agent whose it is. @param signal of its run. */
  take(key: string, node: string, agent: string, signal?: AbortSignal): void;
  /** What goes on after its call: the place is under another key from now on. Unknown keys are nobody's. */
  goesOn(key: string, as: string): void;
  /** It has ended, or never began. Unknown keys are nobody's. */
  release(key: string): void;
  /** A model is asked again only when its calls are over: those of the run that are left never began. */
  releaseRun(runId: string): void;
  /** Looks for calls whose run was aborted, or of which nothing was heard for too long. */
  sweep(): void;
  /** Called back when a place has become free; returns what ends it. */
  onFree(listener: () => void): () => void;
}

/** A call of which nothing more is heard holds its place no longer: one that is lost for ever is worse than one too many. */
export const MAX_HELD_MS = 3_600_000;
const MAX_CALLS = 4_096;

export const RUNNING = definePart("running", 1, () => createRunning());

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
}

/** Empty. @param monotonic milliseconds of a clock that is never set. */
export function createRunning(monotonic: () => number = () => performance.now()): RunningCalls {
  const byNode = new Map<string, Set<string>>();
  const listeners = new Set<() => void>();
  const leave = (key: string, { node }: Held): void => {
    const keys = byNode.get(node);
    keys?.delete(key);
    if (keys?.size === 0) byNode.delete(node);
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
  const hold = (key: string, one: Held): void => {
    drop([key]);
    byNode.set(one.node, (byNode.get(one.node) ?? new Set()).add(key));
    held.set(key, one);
  };
  const isOver = (key: string): boolean => {
    const one = held.get(key);
    return one === undefined || one.signal?.aborted === true || monotonic() - one.sinceMs >= MAX_HELD_MS;
  };
  const tellIf = (isFree: boolean): void => {
    if (isFree) for (const listener of [...listeners]) listener();
  };
  return {
    on(node) {
      drop([...(byNode.get(node) ?? [])].filter(isOver));
      return byNode.get(node)?.size ?? 0;
    },
    nodes: () => [...byNode.keys()],
    take: (key, node, agent, signal) => hold(key, { node, agent, signal, sinceMs: monotonic() }),
    goesOn(key, as) {
      const one = held.get(key);
      if (one === undefined) return;
      drop([key]);
      hold(as, { ...one, signal: undefined, sinceMs: monotonic() });
    },
    release: (key) => tellIf(drop([key])),
    releaseRun: (runId) => tellIf(drop([...held.keys()].filter((key) => key.startsWith(`call\0${runId}\0`)))),
    sweep: () => tellIf(drop([...held.keys()].filter(isOver))),
    onFree(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
