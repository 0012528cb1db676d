// Who waits for the end of a delegation: each is answered once, with the end or when its time is over.
import type { Delegation } from "../model/delegation.ts";
import { isEnded } from "../model/outgoing.ts";

export interface WaitersOptions {
  readonly get: (id: string) => Delegation | null;
  /** Lets all go. */
  readonly stopped: AbortSignal;
  /** It ended while the last one who waited went away. */
  readonly onUnseen: (id: string) => void;
}

export interface Waiters {
  /** Somebody waits for it, or was just given its end, and shows that to the agent. */
  has(id: string): boolean;
  /** Its agent was shown the end. */
  told(id: string): void;
  changed(delegation: Delegation): void;
  /** Resolves with the end, or as it is when the wait is over; null: there is none of that id. */
  wait(
    id: string,
    waitMs: number,
    signal?: AbortSignal,
    onProgress?: (delegation: Delegation) => void,
  ): Promise<Delegation | null>;
}

export function createWaiters({ get, stopped, onUnseen }: WaitersOptions): Waiters {
  const watchers = new Map<string, Set<(delegation: Delegation) => void>>();
  const shown = new Set<string>();
  return {
    has: (id) => watchers.has(id) || shown.has(id),
    told: (id) => void shown.delete(id),
    changed(delegation) {
      for (const watch of [...(watchers.get(delegation.id) ?? [])]) watch(delegation);
    },
    async wait(id, waitMs, signal, onProgress) {
      const known = get(id);
      if (known === null || isEnded(known) || waitMs <= 0) return known;
      const { promise, resolve } = Promise.withResolvers<void>();
      const watch = (delegation: Delegation): void => {
        onProgress?.(delegation);
        if (!isEnded(delegation)) return;
        shown.add(id);
        resolve();
      };
      const mine = watchers.get(id) ?? new Set();
      watchers.set(id, mine.add(watch));
      const timer = setTimeout(resolve, waitMs);
      const signals = signal === undefined ? [stopped] : [stopped, signal];
      const onAbort = (): void => resolve();
      for (const one of signals) {
        one.addEventListener("abort", onAbort, { once: true });
        if (one.aborted) resolve();
      }
      await promise;
      clearTimeout(timer);
      for (const one of signals) one.removeEventListener("abort", onAbort);
      mine.delete(watch);
      if (mine.size === 0) watchers.delete(id);
      const after = get(id);
      if (after !== null && isEnded(after) && signals.some(({ aborted }) => aborted)) {
        shown.delete(id);
        onUnseen(id);
      }
      return after;
    },
  };
}
