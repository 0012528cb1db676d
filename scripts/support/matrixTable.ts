// The table of docs/compatibility.md: what each release of OpenClaw came to. Pure.

/** Below the checkout. */
export const MATRIX_FILE = "docs/compatibility.md";

export interface MatrixRow {
  readonly release: string;
  /** By the word that each test's name begins with: `passed`, `failed`, `skipped`, `pending`; `refused`: the release installs no such plugin. */
  readonly results: ReadonlyMap<string, string>;
}

const BEGIN = "<!-- npm run matrix writes what follows -->";
const END = "<!-- until here -->";
export const COLUMNS = ["route", "reload", "guard", "workspace", "hosted sessions"];

/** `text` with the rows in place of the old ones. @throws Error it has no place for them */
export function writeTable(text: string, rows: readonly MatrixRow[], node: string): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`${MATRIX_FILE} has no place for the table`);
  const table = [
    `| OpenClaw | ${COLUMNS.join(" | ")} |`,
    `| --- |${COLUMNS.map(() => " --- |").join("")}`,
    ...rows.map(
      ({ release, results }) =>
        `| ${release} | ${COLUMNS.map((name) => word(results.get(name))).join(" | ")} |`,
    ),
  ];
  return `${text.slice(0, begin)}${BEGIN}\n\n${table.join("\n")}\n\nTried with Node ${node}.\n\n${text.slice(end)}`;
}

/** A test that never ran has proven nothing. */
function word(status: string | undefined): string {
  if (status === "passed") return "works";
  if (status === "failed") return "**fails**";
  if (status === "refused") return "refuses the plugin";
  return status === "skipped" ? "is not there" : "not tried";
}
