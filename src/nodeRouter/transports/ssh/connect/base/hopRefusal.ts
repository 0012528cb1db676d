// How an expected no looks inside this folder: a refusal that is a result.
import type { ErrorCode } from "../../../../../shared/errorCatalogue.ts";
import { NodeRouterError } from "../../../../../shared/errors.ts";
import { type Refusal, refusal } from "../../../../../shared/refusal.ts";

export interface HopRefusal extends Refusal {
  readonly ok: false;
}

export function refuseHop(
  code: ErrorCode,
  fact: string,
  advice: string,
  nothingRan: string | null = null,
): HopRefusal {
  return { ok: false, ...refusal(code, fact, { nothingRan, advice }) };
}

/** A coded fault as the refusal it says; anything else is thrown on. */
export function hopRefusalOf(error: unknown): HopRefusal {
  if (!(error instanceof NodeRouterError)) throw error;
  return { ok: false, ...error.refusal };
}

/** The same with more words at its end. */
export function withMore<R extends Refusal>(refused: R, more: string): R {
  const { fact, advice } = refused;
  return advice === null
    ? { ...refused, fact: `${fact}${more}` }
    : { ...refused, advice: `${advice}${more}` };
}
