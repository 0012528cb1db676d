// How the CLI prints: text or JSON on stdout, errors on stderr, colour only on a terminal, exit codes 0, 1, 2.
import { styleText } from "node:util";
import { displayWidth, padEnd, wrap } from "../../../shared/displayWidth.ts";
import { safe } from "../../../shared/safeText.ts";

export const EXIT_OK = 0;
/** A finding, a refusal, or no gateway to ask. */
export const EXIT_FINDING = 1;
export const EXIT_USAGE = 2;

/** Every table fits this width where the terminal's own is not known, as in a pipe or a file. */
export const COLUMNS = 100;
/** In a table: nothing, or not known. */
export const DASH = "-";
const GAP = "  ";
/** A column that is cut further says nothing; one that may go, goes instead. */
const READABLE = 8;
/** Names and times are whole up to here, as long as something else can give way. */
const NAMES = 20;
/** Sentences in a column that is narrower are hard to read; they go below their row instead. */
const SENTENCE = 20;

export type Color = "red" | "yellow" | "green" | "dim";

/** Text, or text in a colour. */
export type Cell = string | { readonly text: string; readonly color: Color };

export interface TableOptions {
  /** Width of the terminal; default 100. */
  readonly columns?: number;
  /** Headings of columns that are left out, the first one first, when there is too little room for all of them. */
  readonly drop?: readonly string[];
  /** Headings of columns whose texts tell rows apart, as the first column's do: others give way before they are cut. */
  readonly keep?: readonly string[];
  /** The last column goes on in the next line instead of being cut. */
  readonly wrapLast?: boolean;
}

/** Where text goes; a test gives its own. */
export interface Streams {
  readonly print: (text: string) => void;
  readonly fail: (text: string) => void;
  /** Width of the terminal now; absent where there is none. */
  readonly columns?: number | undefined;
  /** Asks the person at the terminal; absent where there is none. */
  readonly question?: ((text: string) => Promise<string>) | undefined;
}

export interface Output extends Streams {
  /** Prints a report as the options say: as YAML, else as JSON. */
  readonly data: (report: unknown) => void;
}

/**
 * Rows as an aligned table that is as wide as the terminal at most: the widest columns give way first, with an
 * ellipsis. Cells are made safe to print. The last column is not padded.
 */
export function table(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  { columns = COLUMNS, drop = [], keep = [], wrapLast = false }: TableOptions = {},
): string {
  const cells = [header, ...rows].map((row) => row.map(safeCell));
  const natural = naturalWidths(cells);
  // A heading is cut last of all, and so is what tells one row from another.
  const least = header.map((heading, column) => {
    const readable = column === 0 || keep.includes(heading) ? NAMES : READABLE;
    return Math.max(displayWidth(heading), Math.min(readable, natural[column] ?? 0));
  });
  const shown = header.map((_, column) => column);
  for (const heading of drop) {
    if (tableWidth(shown.map((column) => least[column] ?? 0)) <= columns) break;
    const at = shown.findIndex((column) => header[column] === heading);
    if (at >= 0) shown.splice(at, 1);
  }
  const last = shown.at(-1) ?? 0;
  if (wrapLast && shown.length > 1) {
    const before = shown.slice(0, -1).map((column) => least[column] ?? 0);
    const room = columns - tableWidth([...before, 0]);
    if (room < Math.min(SENTENCE, natural[last] ?? 0))
      return stacked(header, rows, shown.slice(0, -1), last, { columns, keep });
  }
  const widths = shrink(
    shown.map((column) => natural[column] ?? 0),
    shown.map((column) => least[column] ?? 0),
    columns,
  );
  return cells
    .flatMap((row) =>
      lines(
        shown.map((column) => row[column] ?? { text: "", color: null }),
        widths,
        wrapLast,
      ),
    )
    .join("\n");
}

/** The columns `shown` as a table, and of each row the one at `last` below it. */
function stacked(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  shown: readonly number[],
  last: number,
  { columns = COLUMNS, keep = [] }: TableOptions,
): string {
  const pick = <T>(row: readonly T[], fallback: T): readonly T[] =>
    shown.map((column) => row[column] ?? fallback);
  const above = table(
    pick(header, ""),
    rows.map((row) => pick(row, "")),
    { columns, keep },
  ).split("\n");
  return above
    .flatMap((line, index) => {
      const text = index === 0 ? "" : safeCell(rows[index - 1]?.[last] ?? "").text;
      return text === "" ? [line] : [line, ...wrap(text, columns - GAP.length).map((part) => GAP + part)];
    })
    .join("\n");
}

/** Columns of a table in which nothing was cut. */
export function naturalWidth(header: readonly string[], rows: readonly (readonly Cell[])[]): number {
  return tableWidth(naturalWidths([header, ...rows].map((row) => row.map(safeCell))));
}

/** @param cells the header first: it has every column. */
function naturalWidths(cells: readonly (readonly SafeCell[])[]): readonly number[] {
  const [header = []] = cells;
  return header.map((_, column) => Math.max(...cells.map((row) => displayWidth(row[column]?.text ?? ""))));
}

/** The text in lines that fit; made safe to print. */
export function textLines(text: string, columns: number = COLUMNS): readonly string[] {
  return wrap(safe(text), columns);
}

/** Set apart from what stands above; nothing without a text. */
export function paragraph(texts: readonly string[], columns: number = COLUMNS): readonly string[] {
  return texts.length === 0 ? [] : ["", ...texts.flatMap((text) => textLines(text, columns))];
}

interface SafeCell {
  readonly text: string;
  readonly color: Color | null;
}

function safeCell(cell: Cell): SafeCell {
  const { text, color } = typeof cell === "string" ? { text: cell, color: null } : cell;
  return { text: safe(text), color };
}

function tableWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP.length * Math.max(0, widths.length - 1);
}

/** @param least what a column keeps as long as another one has more than that. */
function shrink(natural: readonly number[], least: readonly number[], columns: number): readonly number[] {
  const widths = [...natural];
  for (let excess = tableWidth(widths) - columns; excess > 0; excess--) {
    const free = widths.map((width, column) => (width > (least[column] ?? 0) ? width : 0));
    const from = Math.max(...free) > 0 ? free : widths;
    const widest = from.indexOf(Math.max(...from));
    if ((widths[widest] ?? 1) <= 1) break;
    widths[widest] = (widths[widest] ?? 1) - 1;
  }
  return widths;
}

function lines(row: readonly SafeCell[], widths: readonly number[], wrapLast: boolean): readonly string[] {
  const last = row.length - 1;
  const tail = wrapLast ? wrap(row[last]?.text ?? "", widths[last] ?? 1) : [];
  const first = row.map(({ text, color }, column) => {
    const width = widths[column] ?? 0;
    const shown = column === last && wrapLast ? (tail[0] ?? "") : shorten(text, width);
    return (color === null ? shown : paint(color, shown)) + padEnd("", width - displayWidth(shown));
  });
  const indent = " ".repeat(tableWidth([...widths.slice(0, -1), 0]));
  return [first.join(GAP).trimEnd(), ...tail.slice(1).map((line) => indent + line)];
}

/** Colours a word; styleText leaves it plain where stdout is no terminal or NO_COLOR is set. */
export function paint(color: Color, text: string): string {
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
