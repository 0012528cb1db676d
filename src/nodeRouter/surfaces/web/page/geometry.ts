// From degrees to the plane of the map, and great circles between two places. Pure.
import type { GeoPoint } from "../../../../shared/distance.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Pixels of the drawing. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What of the plane is shown: the point in the middle, and pixels per unit of the plane. */
export interface View {
  readonly middle: Point;
  readonly scale: number;
}

const RADIANS = Math.PI / 180;

/** Half the width and height of the whole world in the plane. */
export const WORLD = { x: 2.7354, y: 1.4224 } as const;

/**
 * The Natural Earth projection (Patterson; polynomial of Šavrič and others, 2011): x grows eastward, y southward.
 */
export function project({ latitude, longitude }: GeoPoint): Point {
  const phi = latitude * RADIANS;
  const p2 = phi * phi;
  const p4 = p2 * p2;
  return {
    x:
      longitude *
      RADIANS *
      (0.8707 - 0.131979 * p2 + p4 * (-0.013791 + p4 * (0.003971 * p2 - 0.001529 * p4))),
    y: -phi * (1.007226 + p2 * (0.015085 + p4 * (-0.044475 + 0.028874 * p2 - 0.005916 * p4))),
  };
}

/** Pixels from the upper left corner of what is seen. */
export function toScreen({ x, y }: Point, { middle, scale }: View, { width, height }: Size): Point {
  return { x: width / 2 + (x - middle.x) * scale, y: height / 2 + (y - middle.y) * scale };
}

/** The whole world, as large as it fits. */
export function worldView(size: Size): View {
  // The far south is empty: Antarctica may be cut off.
  return {
    middle: { x: 0, y: -0.12 },
    scale: Math.min(size.width / (2 * WORLD.x), size.height / (2 * 1.22)),
  };
}

/** Pixels that stay free around what is to be seen: there labels go. */
const MARGIN = 64;

/** Closer than this nothing is gained: the outline has no more detail. */
const MAX_ZOOM = 3.5;

/** Shows all of these points, never closer than the outline is worth; the world when there are none. */
export function fitView(points: readonly Point[], size: Size): View {
  const world = worldView(size);
  if (points.length === 0) return world;
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const room = { x: Math.max(size.width - 2 * MARGIN, 40), y: Math.max(size.height - 2 * MARGIN, 40) };
  const scale = Math.min(
    right > left ? room.x / (right - left) : Number.POSITIVE_INFINITY,
    bottom > top ? room.y / (bottom - top) : Number.POSITIVE_INFINITY,
    world.scale * MAX_ZOOM,
  );
  if (scale <= world.scale) return world;
  return { middle: { x: (left + right) / 2, y: (top + bottom) / 2 }, scale };
}

/** How far in and out, as a multiple of the whole world. */
const LIMITS = { least: 1, most: 24 } as const;

/** @param around what stays where it is, in pixels of the box; default: its middle. */
export function zoomed(
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

/** @param dx pixels by which the drawing moves to the right, `dy` downward. */
export function moved({ middle, scale }: View, dx: number, dy: number): View {
  return { middle: { x: middle.x - dx / scale, y: middle.y - dy / scale }, scale };
}

/** Steps of an arc: enough for it to look round. */
const STEPS = 48;

/** Places along the shortest way from one to the other, both ends included. */
export function greatCircle(from: GeoPoint, to: GeoPoint): readonly GeoPoint[] {
  const a = vectorOf(from);
  const b = vectorOf(to);
  const angle = Math.acos(Math.min(1, Math.max(-1, a.x * b.x + a.y * b.y + a.z * b.z)));
  const sine = Math.sin(angle);
  // Together, or exactly opposite: then every way is the shortest.
  if (sine < 1e-9) return [from, to];
  return Array.from({ length: STEPS + 1 }, (_, step) => {
    const t = step / STEPS;
    const [f, g] = [Math.sin((1 - t) * angle) / sine, Math.sin(t * angle) / sine];
    const [x, y, z] = [f * a.x + g * b.x, f * a.y + g * b.y, f * a.z + g * b.z];
    return { latitude: Math.atan2(z, Math.hypot(x, y)) / RADIANS, longitude: Math.atan2(y, x) / RADIANS };
  });
}

function vectorOf({ latitude, longitude }: GeoPoint): { x: number; y: number; z: number } {
  const [phi, lambda] = [latitude * RADIANS, longitude * RADIANS];
  return {
    x: Math.cos(phi) * Math.cos(lambda),
    y: Math.cos(phi) * Math.sin(lambda),
    z: Math.sin(phi),
  };
}

/** An SVG path through the points, lifted where the line leaves the world on one side and comes back on the other. */
export function pathThrough(points: readonly Point[], worldWidth: number): string {
  let last: Point | null = null;
  return points
    .map((point) => {
      const lifted = last === null || Math.abs(point.x - last.x) > worldWidth / 2;
      last = point;
      return `${lifted ? "M" : "L"}${round(point.x)} ${round(point.y)}`;
    })
    .join("");
}

/** To a tenth: more is not to be seen, and makes a longer path. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
