// Which way the markers are that the map does not show now: arrows at its edge. Pure.
import { type Point, round, type Size } from "./geometry.ts";
import { GATEWAY, type Marker, PEER } from "./mapShapes.ts";

export interface EdgeHint extends Point {
  /** Of the first marker that it stands for. */
  readonly key: string;
  /** From the middle of the map to the marker, degrees clockwise from the right. */
  readonly angle: number;
  /** What is there, or how much. */
  readonly text: string;
  readonly anchor: "start" | "middle" | "end";
  /** By how much the drawing has to move for the nearest of them to stand in the middle, px. */
  readonly move: { readonly dx: number; readonly dy: number };
}

/** From the edge to the arrow, px. */
const INSET = 14;

/** Arrows nearer than this are one. */
const TOGETHER_PX = 56;

/** So near to the left or right edge the text stands beside the arrow, else under or over it. */
const BESIDE_PX = 40;

interface Found extends Point {
  readonly names: string[];
  readonly marker: Point & Pick<Marker, "key">;
}

/** None where all markers are seen. */
export function edgeHints(markers: readonly Marker[], size: Size): readonly EdgeHint[] {
  const middle = { x: size.width / 2, y: size.height / 2 };
  const away = ({ x, y }: Point) => Math.hypot(x - middle.x, y - middle.y);
  const found: Found[] = [];
  for (const marker of [...markers].sort((a, b) => away(a) - away(b))) {
    if (isInside(marker, size)) continue;
    const [dx, dy] = [marker.x - middle.x, marker.y - middle.y];
    const share = Math.min((middle.x - INSET) / Math.abs(dx), (middle.y - INSET) / Math.abs(dy));
    const [x, y] = [middle.x + share * dx, middle.y + share * dy];
    const near = found.find((one) => Math.hypot(one.x - x, one.y - y) < TOGETHER_PX);
    if (near === undefined) found.push({ x, y, names: [...marker.names], marker });
    else near.names.push(...marker.names);
  }
  return found.map(({ x, y, names, marker }) => ({
    key: marker.key,
    x: round(x),
    y: round(y),
    angle: Math.round((Math.atan2(marker.y - middle.y, marker.x - middle.x) * 180) / Math.PI),
    text: textOf(names),
    anchor: x < BESIDE_PX ? "start" : x > size.width - BESIDE_PX ? "end" : "middle",
    move: { dx: middle.x - marker.x, dy: middle.y - marker.y },
  }));
}

function textOf(names: readonly string[]): string {
  const [only] = names;
  if (names.length !== 1 || only === undefined) return `${names.length}`;
  return only === GATEWAY ? "Gateway" : only.replace(PEER, "");
}

export function isInside({ x, y }: Point, { width, height }: Size): boolean {
  return x >= 0 && y >= 0 && x <= width && y <= height;
}
