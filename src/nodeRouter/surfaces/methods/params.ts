// Checks the parameters that a caller passes to a gateway method.
import { trimmedText } from "../../../shared/jsonParts.ts";

export type Params = Readonly<Record<string, unknown>>;

/** What the caller got wrong; answered as INVALID_REQUEST. */
export class UsageError extends Error {}

/** The text without spaces around it; null when there is none. */
export function readTextParam(params: Params, key: string): string | null {
  return trimmedText(params[key]);
}
