// How an expected no looks inside this folder: a code, and the sentence that begins with it.
import { type ErrorCode, NodeRouterError } from "../../../../../shared/errors.ts";

export interface Refusal {
  readonly ok: false;
  readonly code: ErrorCode;
  /** `CODE: what failed, on what, the observed fact; what to do`. */
  readonly message: string;
}

/** @param text without the code and without a full stop. */
export function refuse(code: ErrorCode, text: string): Refusal {
  return { ok: false, code, message: `${code}: ${text}` };
}

/** A coded fault as the refusal it says; anything else is thrown on. */
export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof NodeRouterError)) throw error;
  return { ok: false, code: error.code, message: error.message };
}
