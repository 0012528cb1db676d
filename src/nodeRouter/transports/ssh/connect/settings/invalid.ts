// The one fault of settings that no connection can be made from.
import { NodeRouterError } from "../../../../../shared/errors.ts";
import { refusal } from "../../../../../shared/refusal.ts";

/** @param fact what and where. @param advice null: none; left out: to mend it. */
export function invalid(fact: string, advice?: string | null, cause?: unknown): NodeRouterError {
  const why = refusal("SSH_SETTINGS_INVALID", fact, advice === undefined ? {} : { advice });
  return new NodeRouterError(why, { cause });
}
