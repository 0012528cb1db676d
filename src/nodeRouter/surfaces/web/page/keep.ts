// What the reader chose, as text behind the `#` of the address: so that it outlives a reload of the page. Pure.
import { fieldOf } from "../../../../shared/jsonParts.ts";
import type { View } from "./geometry.ts";
import { isSortKey, isState, type TableChoice } from "./rows.ts";
import { readTheme, type Theme } from "./themeMessage.ts";

export interface Kept {
  readonly choice: TableChoice;
  readonly view: View | "nodes" | "world";
  readonly scroll: number;
  /** `data-focus` or id of what has the focus; "" nothing. */
  readonly focus: string;
  readonly theme: Theme | null;
}

export const NOTHING_KEPT: Kept = {
  choice: { text: "", selector: "", states: new Set(), sort: "name", descending: false },
  view: "nodes",
  scroll: 0,
  focus: "",
  theme: null,
};

/** For the part of an address behind `#`; `keptFromText` reads it. */
export function keptToText({ choice, ...rest }: Kept): string {
  return encodeURIComponent(JSON.stringify({ ...rest, choice: { ...choice, states: [...choice.states] } }));
}

/** What is not as we wrote it falls back to nothing kept: anybody can write an address. */
export function keptFromText(text: string): Kept {
  let found: unknown;
  try {
    found = JSON.parse(decodeURIComponent(text));
  } catch {
    return NOTHING_KEPT;
  }
  const choice = fieldOf(found, "choice");
  const [words, sort, states] = [fieldOf(choice, "text"), fieldOf(choice, "sort"), fieldOf(choice, "states")];
  const selector = fieldOf(choice, "selector");
  const [scroll, focus] = [fieldOf(found, "scroll"), fieldOf(found, "focus")];
  return {
    choice: {
      text: typeof words === "string" ? words : "",
      selector: typeof selector === "string" ? selector : "",
      states: new Set(Array.isArray(states) ? states.filter(isState) : []),
      sort: isSortKey(sort) ? sort : "name",
      descending: fieldOf(choice, "descending") === true,
    },
    view: readView(fieldOf(found, "view")),
    scroll: isNumber(scroll) ? scroll : 0,
    focus: typeof focus === "string" ? focus : "",
    theme: readTheme(fieldOf(found, "theme")),
  };
}

function readView(found: unknown): Kept["view"] {
  if (found === "world") return found;
  const middle = fieldOf(found, "middle");
  const [x, y, scale] = [fieldOf(middle, "x"), fieldOf(middle, "y"), fieldOf(found, "scale")];
  return isNumber(x) && isNumber(y) && isNumber(scale) && scale > 0 ? { middle: { x, y }, scale } : "nodes";
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
