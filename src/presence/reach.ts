// What a node's answers over one transport come to. Pure.
import type { Reach, ReachAnswer } from "./record.ts";

/** A `Reach` and what the next answer needs besides. */
export interface ReachMemory {
  readonly reach: Reach;
  /** The last round trips, oldest first, ms. */
  readonly samples: readonly number[];
}

/** One silence can be a lost packet; TCP sends it again within this many asks of 2.5 s. */
const SILENCES = 2;
const SAMPLES = 5;
/** So long an answer speaks for the node while it cannot be asked. */
const HOLDS_MS = 15_000;
/** So long a silence or a refusal speaks against it while nobody asks: nodes are asked every few seconds. */
export const DOWN_HOLDS_MS = 45_000;

export const NEVER_ASKED: ReachMemory = {
  reach: {
    state: "unknown",
    lastAnswerMs: null,
    failures: 0,
    rttMs: null,
    reason: "nobody asked it yet",
    askedMs: null,
  },
  samples: [],
};

/** Whether any answer over it said something of the node; `unknown` ones do not. */
export function hasTaught({ reach }: ReachMemory): boolean {
  return reach.lastAnswerMs !== null || reach.failures > 0;
}

/** Takes one answer in. Answers of one node and transport must come in the order in which they were given. */
export function takeAnswer(memory: ReachMemory, answer: ReachAnswer): ReachMemory {
  const { reach } = memory;
  const askedMs = answer.atMs;
  switch (answer.result) {
    case "up": {
      const measured = answer.rttMs === null ? [] : [answer.rttMs];
      const samples = [...memory.samples, ...measured].slice(-SAMPLES);
      const reach: Reach = {
        state: "up",
        lastAnswerMs: askedMs,
        failures: 0,
        rttMs: median(samples),
        reason: null,
        askedMs,
      };
      return { reach, samples };
    }
    case "silent": {
      const failures = reach.failures + 1;
      const state = reach.state === "down" || failures >= SILENCES ? "down" : "failing";
      return { ...memory, reach: { ...reach, state, failures, reason: answer.reason, askedMs } };
    }
    case "down":
      return {
        ...memory,
        reach: { ...reach, state: "down", failures: reach.failures + 1, reason: answer.reason, askedMs },
      };
    case "unknown": {
      const wasUp = reach.state === "up" || reach.state === "failing";
      const ageMs = reach.lastAnswerMs === null ? Infinity : answer.atMs - reach.lastAnswerMs;
      // A clock that was set back makes the age negative: the answer is not from the future, so it counts as old.
      if (wasUp && ageMs >= 0 && ageMs <= HOLDS_MS) return memory;
      return { ...memory, reach: { ...reach, state: "unknown", reason: answer.reason, askedMs } };
    }
  }
}

/**
 * What holds now: a `down` that nobody has confirmed for a while says nothing any more, or a node would stay out of
 * placement for as long as it cannot be asked. After a clock was set back it counts as old, too.
 */
export function reachAt({ reach }: ReachMemory, nowMs: number): Reach {
  if (reach.state !== "down") return reach;
  const ageMs = nowMs - (reach.askedMs ?? -Infinity);
  if (ageMs >= 0 && ageMs <= DOWN_HOLDS_MS) return reach;
  return { ...reach, state: "unknown", reason: "it was not asked lately" };
}

/** Null of nothing; of an even number the lower of the two in the middle. */
function median(samples: readonly number[]): number | null {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}
