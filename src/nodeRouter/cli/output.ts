// How the CLI prints: text or JSON on stdout, errors on stderr, colour only on a terminal, exit codes 0, 1, 2.
import { styleText } from "node:util";
import { safe } from "../../safeText.ts";
import { displayWidth, padEnd } from "../explain/displayWidth.ts";

export const EXIT_OK = 0;
/** A finding, a refusal, or no gateway to ask. */
export const EXIT_FINDING = 1;
export const EXIT_USAGE = 2;

/** Every table fits a terminal of this width. */
const MAX_COLUMNS = 100;
const GAP = "  ";

/** Where text goes; a test gives its own. */
export interface Output {
  readonly print: (text: string) => void;
  readonly fail: (text: string) => void;
  /** Asks the person at the terminal; absent where there is none. */
  readonly question?: ((text: string) => Promise<string>) | undefined;
}

/**
 * Rows as an aligned table of at most 100 columns: the widest columns give way first, with an ellipsis. Cells
 * are made safe to print. The last column is not padded.
 */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [header, ...rows].map((row) => row.map(safe));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => displayWidth(row[column] ?? ""))));
  let excess = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1) - MAX_COLUMNS;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = (widths[widest] ?? 1) - 1;
    excess -= 1;
  }
  return cells
    .map((row) =>
      row
        .map((cell, column) => padEnd(shorten(cell, widths[column] ?? 0), widths[column] ?? 0))
        .join(GAP)
        .trimEnd(),
    )
    .join("\n");
}

/** Colours a word; styleText leaves it plain where stdout is no terminal or NO_COLOR is set. */
export function paint(color: "red" | "yellow" | "green" | "dim", text: string): string {
  return styleText(color, text, { stream: process.stdout });
}

function shorten(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let out = "";
  for (const character of text) {
    if (displayWidth(out + character) > columns - 1) break;
    out += character;
  }
  return `${out}…`;
}
