// Names of machines that are safe wherever a name goes: ssh's arguments, known_hosts, messages. Pure.
import { isPrintable } from "../../shared/safeText.ts";

/** What ssh refuses in a host that it is given, and what would make it a login, a URL or a pattern. */
const FORBIDDEN = /[\s'"`$\\;&<>|(){}*?!,@#/]/u;

/**
 * Why the text cannot be the `host` of a machine; null when it can.
 * SECURITY: a leading "-" would be an option; `@` and `/` would name another user or a URL; the others are
 * patterns, marks and lists in known_hosts, where they would vouch for every machine.
 */
export function sshNameProblem(text: string): string | null {
  if (text === "") return "is empty";
  if (text.startsWith("-")) return 'must not begin with "-"';
  if (!isPrintable(text)) return "must hold no control character";
  const found = FORBIDDEN.exec(text)?.[0];
  if (found === undefined) return null;
  return found.trim() === "" ? "must hold no space" : `must not hold ${found}`;
}
