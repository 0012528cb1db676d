// Keeps the last list of paired nodes and reads a new one when it is too old; concurrent reads share one call.
import { definePart } from "../../../shared/processMemory.ts";
import type { HostNodes } from "./hostList.ts";

export interface NodeReader {
  /**
   * The list, at most `maxAgeMs` old. `list` is the caller's own way to the host: authority belongs to the
   * call in whose scope it runs, so it is never kept.
   */
  read(maxAgeMs: number, read: (before: HostNodes | null) => Promise<HostNodes>): Promise<HostNodes>;
  /** The last list that was read, however old; null before the first. */
  last(): HostNodes | null;
}

/** One a process: hooks, methods and the service share what any of them has read. */
export const NODE_READER = definePart("node-reader", 1, createNodeReader);

/** @param now epoch ms. */
export function createNodeReader(now: () => number): NodeReader {
  let last: HostNodes | null = null;
  let pending: Promise<HostNodes> | null = null;

  // After the clock was set back a list would look young for as long as that.
  const isFuture = (nodes: HostNodes): boolean => nodes.takenAtMs > now();

  const start = (read: (before: HostNodes | null) => Promise<HostNodes>): Promise<HostNodes> => {
    const reading = read(last)
      .then((nodes) => {
        // Of two reads at once, the one that was begun later knows better.
        if (last !== null && nodes.takenAtMs < last.takenAtMs && !isFuture(last)) return nodes;
        last = nodes;
        return nodes;
      })
      .finally(() => {
        if (pending === reading) pending = null;
      });
    pending = reading;
    return reading;
  };

  return {
    last: () => last,
    async read(maxAgeMs, read) {
      if (last !== null && !isFuture(last) && now() - last.takenAtMs <= maxAgeMs) return last;
      if (pending === null) return start(read);
      // A joined read can fail with its starter's lost authority; that says nothing about ours.
      return pending.catch(() => start(read));
    },
  };
}
