// What buttons and keys do to what the map shows. Pure.
import { moved, type Point, type Size, type View, zoomed } from "./geometry.ts";
import type { Kept } from "./keep.ts";

/** Of a button or a key. */
export const ZOOM = 1.6;

/** Pixels of an arrow key. */
const STEP = 60;

export interface Seen {
  readonly size: Size;
  readonly view: View;
  /** What stays where it is where nothing is pointed at, in pixels of the box. */
  readonly anchor: Point;
}

/** The reader chose what to see; "nodes" follows the nodes. */
export type ChooseView = (view: Kept["view"]) => void;

/** What a zoom button does. */
export function zoomBy({ view, size, anchor }: Seen, isIn: boolean): View {
  return zoomed(view, size, isIn ? ZOOM : 1 / ZOOM, anchor);
}

/** What a key does on the map; null: it is none of the map's. */
export function viewByKey(key: string, seen: Seen): Kept["view"] | null {
  switch (key) {
    case "ArrowLeft":
      return moved(seen.view, STEP, 0);
    case "ArrowRight":
      return moved(seen.view, -STEP, 0);
    case "ArrowUp":
      return moved(seen.view, 0, STEP);
    case "ArrowDown":
      return moved(seen.view, 0, -STEP);
    case "+":
    case "=":
      return zoomBy(seen, true);
    case "-":
      return zoomBy(seen, false);
    case "0":
    case "Home":
      return "nodes";
    default:
      return null;
  }
}
