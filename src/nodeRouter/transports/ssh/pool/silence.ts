// What an unanswered question to a node means, and what is known when there is nothing to ask. Pure.
import type { PingResult } from "../../transport.ts";
import type { Connection } from "../session/connection.ts";

/** A lost packet makes one; TCP has sent it again before the second. */
const SILENCES = 2;
/** Output that fills a slow way delays the answer by so much at most. */
const DEAF_MS = 60_000;

export type SilenceVerdict = Extract<PingResult, { kind: "down" | "unknown" }>;
/** Pieces of data that had come over each connection. */
export type Heard = ReadonlyMap<Connection, number>;

/** What presence wants of a node and knows of it. */
export interface Pulse {
  /** Epoch ms until which a connection is wanted, whether or not a command uses it. */
  readonly heldUntilMs: number;
  /** Questions in a row to which nothing came. */
  readonly silences: number;
  /** What had been heard when the first of them began. */
  readonly heardBefore: Heard;
  /** Since when pings are not answered while other data comes, on the clock that is never set; null: they are. */
  readonly deafSinceMs: number | null;
  /** What the last failure means, until a keeper is ready again. */
  readonly verdict: SilenceVerdict | null;
  /** Whether that is no more than the loss of a connection that was good: the node was not tried since. */
  readonly isLoss: boolean;
}

export const UNHEARD: Pulse = {
  heldUntilMs: 0,
  silences: 0,
  heardBefore: new Map(),
  deafSinceMs: null,
  verdict: null,
  isLoss: false,
};

export interface Unanswered {
  readonly pulse: Pulse;
  readonly result: PingResult;
  /** Of these nothing was heard while the node was asked twice. */
  readonly silent: readonly Connection[];
}

/**
 * The time for an answer is over.
 * @param open connections of which something was heard, until now.
 * @param before what had been heard when the question was asked.
 * @param nowMs on the clock that is never set.
 */
export function unanswered(
  pulse: Pulse,
  open: readonly Connection[],
  before: Heard,
  hasKeeper: boolean,
  nowMs: number,
): Unanswered {
  const told = (result: PingResult, change: Partial<Pulse> = {}, silent: readonly Connection[] = []) => ({
    pulse: { ...pulse, ...change },
    result,
    silent,
  });
  if (open.length === 0) {
    if (pulse.isLoss && pulse.verdict !== null) return told({ kind: "silent" });
    return told(pulse.verdict ?? unknown("its SSH connection is still being made"));
  }
  if (open.some((one) => one.heard > (before.get(one) ?? 0))) {
    // Whoever talks and never answers hangs, or wants to be taken for a node that does not.
    const deafSinceMs = pulse.deafSinceMs ?? nowMs;
    if (nowMs - deafSinceMs > DEAF_MS) return told({ kind: "silent" }, { deafSinceMs });
    // Much output or input before it delays the answer; what comes in says that the node is there all the same.
    const result: PingResult = hasKeeper
      ? { kind: "up", rttMs: null }
      : unknown("its shell is not ready yet");
    return told(result, { deafSinceMs, silences: 0 });
  }
  const heardBefore = pulse.silences === 0 ? before : pulse.heardBefore;
  if (pulse.silences + 1 < SILENCES) {
    return told({ kind: "silent" }, { heardBefore, silences: pulse.silences + 1 });
  }
  const silent = open.filter((one) => one.heard === (heardBefore.get(one) ?? 0));
  return told({ kind: "silent" }, { heardBefore, silences: 0 }, silent);
}

export function unknown(reason: string): SilenceVerdict {
  return { kind: "unknown", reason };
}
