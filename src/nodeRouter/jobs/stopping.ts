// Notices that the gateway is told to stop or to restart: OpenClaw ends what runs in the background then, and waits minutes for it.
import { definePart, type Memory } from "../../shared/processMemory.ts";

/** By these OpenClaw's gateway is stopped and restarted (its run loop, 2026.9.6). */
const SIGNALS: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT", "SIGUSR1"];

/** What is done then. One listener a signal, however many wait. */
const STOPPING = definePart("stopping", 1, () => {
  const acts = new Set<() => void>();
  let isArmed = false;
  const stop = (): void => {
    for (const act of [...acts]) act();
  };
  return {
    add(act: () => void): () => void {
      acts.add(act);
      // Where nobody else listens, ours alone would keep the process from ending.
      if (!isArmed) for (const name of SIGNALS) if (process.listenerCount(name) > 0) process.on(name, stop);
      isArmed = true;
      return () => void acts.delete(act);
    },
  };
});

/** Calls `act` at each such signal, until the returned function is called. */
export function onGatewayStop(memory: Memory, act: () => void): () => void {
  return memory.part(STOPPING).add(act);
}
