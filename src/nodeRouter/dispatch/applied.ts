// What came of carrying a decision into a call.
import type { Refusal } from "../../shared/refusal.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import type { Consent } from "../state/calls.ts";

export interface Applied {
  /** Why it cannot be carried out after all; null: it is. */
  readonly refusal: Refusal | null;
  /** The complete new parameters; null when there is nothing to change. */
  readonly params: Record<string, unknown> | null;
  /** Null when nobody needs to be asked. */
  readonly consent: Consent | null;
  /** The node that the session's workspace was on until this call; null: it was nowhere else. */
  readonly movedFrom: string | null;
  /** Under which the ledger has the call and its command; null: under one of its own. */
  readonly recordId: string | null;
  /** As it is carried out, where the model has named another node that fits; absent: as it was decided. */
  readonly placement?: PlacementDecision;
}

/** The call goes on with these parameters, and without a question. */
export function applied(
  params: Applied["params"],
  told: Partial<Pick<Applied, "consent" | "movedFrom" | "recordId" | "placement">> = {},
): Applied {
  return { refusal: null, params, consent: null, movedFrom: null, recordId: null, ...told };
}

/** The call does not go on. */
export function notApplied(refusal: Refusal): Applied {
  return { ...applied(null), refusal };
}
