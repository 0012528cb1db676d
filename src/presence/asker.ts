// Asks every node over one transport, again and again, so that one that is silent delays no other.
import { messageOf } from "../shared/errors.ts";
import type { NodeProtocol } from "../shared/types.ts";
import type { PresenceSink, PresenceTarget, ReachAnswer } from "./record.ts";

/** What came of asking once; see `ReachAnswer`. `atMs` where somebody else had asked before. */
export type Asked = Pick<ReachAnswer, "result" | "rttMs" | "reason"> & Partial<Pick<ReachAnswer, "atMs">>;

/** Asks one node once. Resolves within about `timeoutMs`; a rejection means that the asking itself failed. */
export type AskReach = (target: PresenceTarget, timeoutMs: number) => Promise<Asked>;

/** Longer than three lost packets take TCP at 100 ms of round trip. */
export const ASK_TIMEOUT_MS = 2_500;
/** Two asks of a silent node and this make 7 s from the cut to `down`. */
const INTERVAL_MS = 2_000;
/** With many nodes they are asked less often rather than faster. */
const ASKS_PER_SECOND = 100;
const BURST = 50;
const BURST_MS = (BURST / ASKS_PER_SECOND) * 1_000;
const SHORTEST_MS = 250;

export interface AskerOptions {
  readonly transport: NodeProtocol;
  readonly ask: AskReach;
  /** Epoch ms. */
  readonly now: () => number;
}

export interface Asker {
  /** Begins to ask every target that is not being asked; resolves when all were begun, not when they answered. */
  round(targets: readonly PresenceTarget[], sink: PresenceSink, signal: AbortSignal): Promise<void>;
}

/**
 * Time from the end of one round to the begin of the next, ms. A round of many targets takes its time to begin them
 * all, so that with 1,000 each is asked every 10 s.
 */
export function askInterval(targets: number): number {
  const pauses = Math.max(0, Math.ceil(targets / BURST) - 1);
  return Math.max(SHORTEST_MS, INTERVAL_MS - pauses * BURST_MS);
}

/**
 * Asks over one transport. A target that has not answered yet is left out of the next round, and one that is silent is
 * asked once more at once: a lost packet is no outage.
 */
export function createAsker({ transport, ask, now }: AskerOptions): Asker {
  const asking = new Set<string>();

  const askOnce = async (target: PresenceTarget, sink: PresenceSink): Promise<Asked["result"]> => {
    const beganMs = now();
    const asked = await ask(target, ASK_TIMEOUT_MS).catch(
      (error: unknown): Asked => ({ result: "unknown", rttMs: null, reason: messageOf(error) }),
    );
    const atMs = asked.result === "up" ? now() : beganMs;
    sink.answer({ node: target.name, transport, atMs, ...asked });
    return asked.result;
  };

  const askTarget = async (
    target: PresenceTarget,
    sink: PresenceSink,
    signal: AbortSignal,
  ): Promise<void> => {
    if (asking.has(target.name)) return;
    asking.add(target.name);
    try {
      // A lost packet is told from a dead node by asking again at once.
      if ((await askOnce(target, sink)) === "silent" && !signal.aborted) await askOnce(target, sink);
    } finally {
      asking.delete(target.name);
    }
  };

  return {
    async round(targets, sink, signal) {
      for (const [index, target] of targets.entries()) {
        if (index > 0 && index % BURST === 0) await pause(BURST_MS, signal);
        if (signal.aborted) return;
        void askTarget(target, sink, signal);
      }
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    timer.unref();
    signal.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
