// How the reader moves about the map with pointers: wheel, dragging, two fingers, and a double click.
import { moved, type Point, zoomed } from "./geometry.ts";
import { type ChooseView, type Seen, ZOOM } from "./mapKeys.ts";

const WHEEL_ZOOM = 1.2;

/** @param seen what is seen now. @returns what ends the listening. */
export function listenToPointers(box: HTMLElement, seen: () => Seen, choose: ChooseView): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  const at = ({ clientX, clientY }: MouseEvent): Point => {
    const { left, top } = box.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  };
  const zoomAt = (factor: number, around: Point): void => {
    const { view, size } = seen();
    choose(zoomed(view, size, factor, around));
  };
  box.addEventListener(
    "wheel",
    (event) => {
      // Without the key the page scrolls, as everywhere.
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoomAt(event.deltaY < 0 ? WHEEL_ZOOM : 1 / WHEEL_ZOOM, at(event));
    },
    { passive: false, signal },
  );
  box.addEventListener("dblclick", (event) => zoomAt(event.shiftKey ? 1 / ZOOM : ZOOM, at(event)), {
    signal,
  });

  /** Fingers, or the one pointer that drags. */
  const down = new Map<number, Point>();
  box.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0) return;
      const isOnMarker =
        event.target instanceof Element && event.target.closest(".marker[role=button], .hint") !== null;
      // A click stays a click.
      if (isOnMarker && event.pointerType !== "touch") return;
      down.set(event.pointerId, at(event));
      if (event.pointerType !== "touch") box.setPointerCapture(event.pointerId);
    },
    { signal },
  );
  box.addEventListener(
    "pointermove",
    (event) => {
      const before = down.get(event.pointerId);
      if (before === undefined) return;
      const now = at(event);
      down.set(event.pointerId, now);
      const { view } = seen();
      if (event.pointerType !== "touch") return choose(moved(view, now.x - before.x, now.y - before.y));
      // One finger scrolls the page.
      const [other] = [...down].flatMap(([id, point]) => (id === event.pointerId ? [] : [point]));
      if (other === undefined) return;
      const apart = (point: Point) => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
      zoomAt(apart(now) / apart(before), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
    },
    { signal },
  );
  for (const name of ["pointerup", "pointercancel"] as const)
    box.addEventListener(name, ({ pointerId }) => void down.delete(pointerId), { signal });
  return () => ended.abort();
}
