// Which files ssh names in UserKnownHostsFile and GlobalKnownHostsFile. Pure.
import { isAbsolute, join, resolve } from "node:path";
import { quote } from "../../../../../shared/safeText.ts";
import { absolute } from "./expand.ts";
import { invalid } from "./invalid.ts";
import type { Expansion } from "./sshAnswer.ts";

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
 * ssh prints the files on one line and without quotes. It logs each that it has expanded, so their ends are known;
 * in the others a space ends a name only where an absolute path follows.
 * @throws NodeRouterError SSH_SETTINGS_INVALID where it cannot be known which file is meant.
 */
export function splitFiles(line: string, context: FilesContext): readonly string[] {
  if (line === "" || line.toLowerCase() === "none") return [];
  const expanded = [...context.expansions];
  const files: string[] = [];
  for (let rest = line; rest !== ""; ) {
    const { file, raw } = firstFile(rest, expanded);
    rest = rest.slice(file.length + 1);
    files.push(ownPath(file, raw, context));
  }
  return files;
}

/** @param expanded those that are still to come; the one that is met is taken out. */
function firstFile(
  rest: string,
  expanded: Expansion[],
): { readonly file: string; readonly raw: string | null } {
  const [next] = expanded;
  if (next !== undefined && `${rest} `.startsWith(`${next.path} `)) {
    expanded.shift();
    return { file: next.path, raw: next.raw };
  }
  const isPlaced = isAbsolute(rest) || rest.startsWith("~");
  const ends = isPlaced ? / (?=\/|~|[A-Za-z]:[\\/])/ : / /;
  return { file: rest.split(ends, 1)[0] ?? rest, raw: null };
}

/** What ssh made of `~` and `%d` is the account's home; here they stand for the gateway's. */
function ownPath(
  file: string,
  raw: string | null,
  { home, otherHome, expansions, at }: FilesContext,
): string {
  if (file.startsWith("~")) return absolute(file, home, at);
  // Relative to the working directory, as for ssh.
  if (!isAbsolute(file)) return resolve(file);
  if (otherHome === null) return file;
  // The account of a service may have "/" for its home.
  const theirs = otherHome.replace(/\/+$/, "");
  if (raw !== null && /^(?:~|%d)\//.test(raw)) return join(home, file.slice(theirs.length));
  if (expansions.length === 0 && file.startsWith(theirs === "" ? "/.ssh/" : `${theirs}/`)) {
    throw invalid(
      `${at}: ${quote(file)} is below ${quote(otherHome)}, the account's home, while the gateway's HOME is ${quote(home)}, and this ssh does not say which was meant`,
      "name the file in knownHostsFile of the node",
    );
  }
  return file;
}
