// One ssh_config file as sections of statements. The grammar is ssh-config's; what it lets through is checked here.
import { type Line, LineType, parse } from "ssh-config";
import { messageOf } from "../../../../../errors.ts";
import { quote } from "../../../../../safeText.ts";
import { invalid } from "./invalid.ts";

/** One line. */
export interface Statement {
  /** In lower case. */
  readonly keyword: string;
  /** Never empty. */
  readonly args: readonly string[];
  /** `file:line`. */
  readonly at: string;
}

/** The lines from one `Host` or `Match` to the next; the first has no header. */
export interface ConfigSection {
  readonly header: Statement | null;
  readonly statements: readonly Statement[];
}

/**
 * SECURITY: only ssh-config's parser is used. Its `compute` runs `Match exec` commands and nslookup.
 * @throws NodeRouterError SSH_SETTINGS_INVALID for a text that ssh itself would refuse.
 */
export function parseConfigText(text: string, file: string): readonly ConfigSection[] {
  let lines: readonly Line[];
  try {
    lines = parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw invalid(`${quote(file)} cannot be read as ssh_config: ${messageOf(cause)}; mend the file`, cause);
  }
  const sections: { header: Statement | null; statements: Statement[] }[] = [
    { header: null, statements: [] },
  ];
  const count = (part: string) => (part.match(/\n|\r(?!\n)/g) ?? []).length;
  let line = 1;
  const read = (entry: Line): void => {
    line += count(entry.before);
    if (entry.type === LineType.DIRECTIVE) {
      const statement = readStatement(entry, `${file}:${line}`);
      if (statement.keyword === "host" || statement.keyword === "match") {
        sections.push({ header: statement, statements: [] });
      } else {
        sections.at(-1)?.statements.push(statement);
      }
    }
    line += count(entry.after);
    if ("config" in entry) entry.config.forEach(read);
  };
  lines.forEach(read);
  return sections;
}

function readStatement(
  { param, separator, value }: Extract<Line, { type: LineType.DIRECTIVE }>,
  at: string,
): Statement {
  const args = (typeof value === "string" ? [value] : value.map(({ val }) => val)).filter(
    (arg) => arg !== "",
  );
  // Without a value the parser takes the next line for one.
  if (args.length === 0 || /[\r\n]/.test(param + separator)) {
    throw invalid(`${at}: ${quote(param.trim().split(/\s/, 1)[0] ?? "")} has no value; mend the file`);
  }
  return { keyword: param.toLowerCase(), args, at };
}

/** Whether the statement turns its keyword off. */
export function isNone({ args }: Statement): boolean {
  return args.length === 1 && args[0]?.toLowerCase() === "none";
}
