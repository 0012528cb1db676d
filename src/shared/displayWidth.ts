// How many terminal columns text takes, and text fitted into columns. Names may be Chinese, Japanese or Korean.
// Costs 10 ms to load (the segmenter): only what draws tables imports it, and that is loaded when it is asked for.
import stringWidth from "string-width";
import { once } from "./once.ts";

const graphemes = once(() => new Intl.Segmenter("en", { granularity: "grapheme" }));

/** Columns of a terminal with a usual monospaced font; escape sequences take none. */
export function displayWidth(text: string): number {
  return stringWidth(text);
}

/** Pads with spaces on the right; text that is wider stays as it is. */
export function padEnd(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - displayWidth(text)));
}

/** Pads with spaces on the left. */
export function padStart(text: string, columns: number): string {
  return " ".repeat(Math.max(0, columns - displayWidth(text))) + text;
}

/** Lines of at most `columns`, broken at spaces, and inside a word only when the word alone is too wide. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    for (const piece of pieces(word, columns)) {
      const joined = line === "" ? piece : `${line} ${piece}`;
      if (displayWidth(joined) > columns) lines.push(line);
      line = displayWidth(joined) > columns ? piece : joined;
    }
  }
  return [...lines, line];
}

function pieces(word: string, columns: number): readonly string[] {
  if (displayWidth(word) <= columns) return [word];
  const parts: string[] = [];
  let part = "";
  for (const { segment } of graphemes().segment(word)) {
    if (displayWidth(part + segment) > columns) {
      parts.push(part);
      part = "";
    }
    part += segment;
  }
  return [...parts, part];
}
