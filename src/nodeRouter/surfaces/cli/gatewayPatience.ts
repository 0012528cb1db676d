// How long `--watch` and `--follow` go on without an answer: over a restart of the gateway, not over a no that stays.
import { messageOf } from "../../../shared/errors.ts";
import { howItEnds } from "./callFailure.ts";

/** So long a gateway that starts, or loads the plugin anew, may lack methods and names. */
const SETTLE_MS = 30_000;

export interface Patience {
  /** @returns what to say; null: nothing. */
  readonly answered: () => string | null;
  /** @returns what to say, and whether it was said before. @throws the error, where nothing comes of waiting */
  readonly failed: (error: unknown) => { readonly text: string; readonly isNew: boolean };
}

/** A gateway that answered once comes back; one that never did ends it. @param now epoch ms. */
export function createPatience(now: () => number): Patience {
  let hasAnswered = false;
  let isLost = false;
  let refusedSinceMs: number | null = null;
  return {
    answered() {
      const text = isLost ? "the gateway answers again" : null;
      [hasAnswered, isLost, refusedSinceMs] = [true, false, null];
      return text;
    },
    failed(error) {
      const end = howItEnds(error);
      if (!hasAnswered || end === "stays") throw error;
      refusedSinceMs = end === "passes" ? null : (refusedSinceMs ?? now());
      if (refusedSinceMs !== null && now() - refusedSinceMs >= SETTLE_MS) throw error;
      const isNew = !isLost;
      isLost = true;
      return { text: `the gateway does not answer, this goes on: ${messageOf(error)}`, isNew };
    },
  };
}
