// Checks the parameters that a caller passes to a gateway method.
import { trimmedText } from "../../../shared/jsonParts.ts";
import { quote } from "../../../shared/safeText.ts";
import { didYouMean } from "../../../shared/suggest.ts";

export type Params = Readonly<Record<string, unknown>>;

/** What the caller got wrong; answered as INVALID_REQUEST. */
export class UsageError extends Error {}

/** Names that an error lists. */
const MAX_NAMED = 10;

/** Of a name that nobody has. */
export function unknownName(
  kind: "node" | "peer" | "rule" | "agent",
  written: string,
  names: Iterable<string>,
  are: "known" | "configured" = "known",
): UsageError {
  return new UsageError(`no ${kind} ${quote(written)} is ${are}; ${nearAndSome(written, names, are)}`);
}

/** `did you mean "mac-sg"? known are "mac-sg", "mac-cn"`: the nearest name, and some of those that there are. */
export function nearAndSome(written: string, names: Iterable<string>, are: string): string {
  const known = [...new Set(names)];
  const listed = `${are} are ${known.slice(0, MAX_NAMED).map(quote).join(", ") || "none"}`;
  const near = didYouMean(written, known);
  return near === null ? listed : `${near} ${listed}`;
}

/** The text without spaces around it; null when there is none. */
export function readTextParam(params: Params, key: string): string | null {
  return trimmedText(params[key]);
}

/** False where it is not there. @throws UsageError for anything else than true and false: nobody who writes "true" means false. */
export function readFlag(params: Params, key: string): boolean {
  const value = params[key] ?? false;
  if (typeof value === "boolean" && params[key] !== null) return value;
  throw new UsageError(`${key} is true or false`);
}
