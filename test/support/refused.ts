// A refusal for a test: its words are what the test wants to see again.
import type { ErrorCode } from "../../src/shared/errorCatalogue.ts";
import { type Refusal, refusalText } from "../../src/shared/refusal.ts";

export function refused(code: ErrorCode, fact: string, advice: string | null = null): Refusal {
  return { code, fact, nothingRan: null, advice };
}

/** As it is read; null stays null. */
export function textOf(refusal: Refusal | null): string | null {
  return refusal === null ? null : refusalText(refusal);
}
