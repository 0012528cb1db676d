// Names in a note, the first few of them. Pure.
import { nameText } from "../../../shared/safeText.ts";

const MAX_NAMES = 10;

/** `a, b, and 3 more`. */
export function namesList(names: readonly string[]): string {
  const more = names.length > MAX_NAMES ? `, and ${names.length - MAX_NAMES} more` : "";
  return `${names.slice(0, MAX_NAMES).map(nameText).join(", ")}${more}`;
}
