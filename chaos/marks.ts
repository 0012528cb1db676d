// The file of a machine in which each command leaves a line when it begins and one when it ends. Pure.
import { END } from "./asks.ts";
import type { Mark } from "./oracle.ts";

/** One mark a beginning. An end belongs to the first beginning of its id that has none. */
export function marksIn(text: string, machine: string): readonly Mark[] {
  const marks: (Mark & { lines: { readonly begin: number; end: number | null } })[] = [];
  for (const [at, line] of text.split("\n").entries()) {
    const [id = "", word = ""] = line.split(" ");
    if (id === "") continue;
    if (word !== END) marks.push({ id, machine, lines: { begin: at, end: null } });
    else {
      const begun = marks.find((mark) => mark.id === id && mark.lines.end === null);
      if (begun !== undefined) begun.lines.end = at;
    }
  }
  return marks;
}
