// Which files ssh names in UserKnownHostsFile and GlobalKnownHostsFile. Pure.
import { isAbsolute, join, resolve } from "node:path";
import { quote } from "../../../../../safeText.ts";
import type { Expansion } from "./answer.ts";
import { absolute } from "./expand.ts";
import { invalid } from "./invalid.ts";

export interface FilesContext {
  /** Ours. */
  readonly home: string;
  /** What ssh takes for the home where that is another; null = the same. */
  readonly otherHome: string | null;
  readonly expansions: readonly Expansion[];
  /** Setting and host, for messages. */
  readonly at: string;
}

/**
 * ssh prints the files on one line and without quotes. So a space ends a name only where a path can begin.
 * @throws NodeRouterError SSH_SETTINGS_INVALID where it cannot be known which file is meant.
 */
export function splitFiles(line: string, context: FilesContext): readonly string[] {
  return line
    .split(/ (?=\/|~|[A-Za-z]:[\\/])/)
    .filter((file) => file !== "" && file.toLowerCase() !== "none")
    .map((file) => ownPath(file, context));
}

/** What ssh made of `~` and `%d` is the account's home; here they stand for the gateway's. */
function ownPath(file: string, { home, otherHome, expansions, at }: FilesContext): string {
  if (file.startsWith("~")) return absolute(file, home, at);
  if (otherHome === null || !file.startsWith(`${otherHome}/`)) return isAbsolute(file) ? file : resolve(file);
  if (expansions.length === 0) {
    throw invalid(
      `${at}: ${quote(file)} is below ${quote(otherHome)}, the account's home, while the gateway's HOME is ${quote(home)}, and this ssh does not say which was meant; name the file in knownHostsFile of the node`,
    );
  }
  const raw = expansions.find(({ path }) => path === file)?.raw;
  return raw !== undefined && /^(?:~|%d)\//.test(raw) ? join(home, file.slice(otherHome.length)) : file;
}
