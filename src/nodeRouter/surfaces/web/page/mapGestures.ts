// How the reader moves about the map: buttons, wheel and dragging.
import { byId } from "./dom.ts";
import { type Point, type Size, type View, worldView } from "./geometry.ts";
import type { Kept } from "./keep.ts";

const ZOOM = 1.6;
const WHEEL_ZOOM = 1.2;

/** How far in and out, as a multiple of the whole world. */
const LIMITS = { least: 1, most: 24 } as const;

export interface Gestures {
  readonly size: () => Size;
  /** What is seen now. */
  readonly view: () => View;
  /** The reader chose what to see; "nodes" follows the nodes. */
  readonly choose: (view: Kept["view"]) => void;
}

/** Listens to the buttons `#zoom-…` and to the map's box. */
export function listenToGestures(box: HTMLElement, { size, view, choose }: Gestures): void {
  const zoom = (factor: number, around?: Point): void => choose(zoomed(view(), size(), factor, around));
  const onClick = (id: string, act: () => void): void =>
    byId(id, HTMLButtonElement).addEventListener("click", act);
  onClick("zoom-in", () => zoom(ZOOM));
  onClick("zoom-out", () => zoom(1 / ZOOM));
  onClick("zoom-fit", () => choose("nodes"));
  onClick("zoom-world", () => choose("world"));
  box.addEventListener(
    "wheel",
    (event) => {
      // Without the key the page scrolls, as everywhere.
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const { left, top } = box.getBoundingClientRect();
      zoom(event.deltaY < 0 ? WHEEL_ZOOM : 1 / WHEEL_ZOOM, {
        x: event.clientX - left,
        y: event.clientY - top,
      });
    },
    { passive: false },
  );
  drag(box, (dx, dy) => {
    const { middle, scale } = view();
    choose({ middle: { x: middle.x - dx / scale, y: middle.y - dy / scale }, scale });
  });
}

/** @param around point of the box, in pixels, that stays where it is. */
function zoomed(
  before: View,
  { width, height }: Size,
  factor: number,
  around: Point = { x: width / 2, y: height / 2 },
): View {
  const world = worldView({ width, height }).scale;
  const scale = Math.min(world * LIMITS.most, Math.max(world * LIMITS.least, before.scale * factor));
  const [dx, dy] = [around.x - width / 2, around.y - height / 2];
  return {
    middle: {
      x: before.middle.x + dx / before.scale - dx / scale,
      y: before.middle.y + dy / before.scale - dy / scale,
    },
    scale,
  };
}

/** Calls back while the box is dragged; a click stays a click. */
function drag(box: HTMLElement, onMove: (dx: number, dy: number) => void): void {
  let last: { readonly x: number; readonly y: number } | null = null;
  box.addEventListener("pointerdown", (event) => {
    // On a touch screen one finger scrolls the page.
    if (event.pointerType === "touch" || event.button !== 0) return;
    if (event.target instanceof Element && event.target.closest(".marker.node, .marker.group") !== null)
      return;
    last = { x: event.clientX, y: event.clientY };
    box.setPointerCapture(event.pointerId);
  });
  box.addEventListener("pointermove", (event) => {
    if (last === null) return;
    onMove(event.clientX - last.x, event.clientY - last.y);
    last = { x: event.clientX, y: event.clientY };
  });
  const end = (): void => {
    last = null;
  };
  box.addEventListener("pointerup", end);
  box.addEventListener("pointercancel", end);
}
