// Checks the parameters that a caller passes to a gateway method.

export type Params = Readonly<Record<string, unknown>>;

/** What the caller got wrong; answered as INVALID_REQUEST. */
export class UsageError extends Error {}

/** The text without spaces around it; null when there is none. */
export function readTextParam(params: Params, key: string): string | null {
  const value = params[key];
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}
