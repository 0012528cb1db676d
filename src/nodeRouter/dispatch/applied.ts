// What came of carrying a decision into a call.
import type { Refusal } from "../../shared/refusal.ts";
import type { Consent } from "../state/calls.ts";

export interface Applied {
  /** Why it cannot be carried out after all; null: it is. */
  readonly refusal: Refusal | null;
  /** The complete new parameters; null when there is nothing to change. */
  readonly params: Record<string, unknown> | null;
  /** Null when nobody needs to be asked. */
  readonly consent: Consent | null;
}

/** The call goes on with these parameters, and without a question. */
export function applied(params: Applied["params"], consent: Consent | null = null): Applied {
  return { refusal: null, params, consent };
}

/** The call does not go on. */
export function notApplied(refusal: Refusal): Applied {
  return { refusal, params: null, consent: null };
}
