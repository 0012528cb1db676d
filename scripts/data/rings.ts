// Rings of Natural Earth polygons, made fit for a flat map: world-atlas has joined them across the antimeridian.

import type { Geometry, Position } from "geojson";

/** Degrees east and north, or what a projection makes of them. */
export type Point = readonly [x: number, y: number];
export type Ring = readonly Point[];

/** Outer rings of a GeoJSON geometry's polygons. */
export function outerRings(geometry: Geometry): readonly Ring[] {
  if (geometry.type === "Polygon") return [ringOf(geometry.coordinates[0])];
  if (geometry.type === "MultiPolygon") return geometry.coordinates.map(([outer]) => ringOf(outer));
  return [];
}

function ringOf(positions: readonly Position[] = []): Ring {
  return positions.map(([longitude = 0, latitude = 0]) => [longitude, latitude]);
}

/** The ring with longitudes that go on past ±180 instead of jumping. */
export function unwrapped(ring: Ring): Ring {
  let shift = 0;
  return ring.map(([longitude, latitude], index) => {
    const step = index === 0 ? 0 : longitude - (ring[index - 1]?.[0] ?? 0);
    if (step > 180) shift -= 360;
    else if (step < -180) shift += 360;
    return [longitude + shift, latitude];
  });
}

/** One ring cut into the rings that lie in -180..180; one around the pole is led along the map's lower edge. */
export function flatRings(ring: Ring): readonly Ring[] {
  const whole = aroundPole(unwrapped(ring));
  return [-360, 0, 360]
    .map((shift) => whole.map(([longitude, latitude]): Point => [longitude + shift, latitude]))
    .map((moved) =>
      clip(
        clip(moved, (x) => x >= -180, -180),
        (x) => x <= 180,
        180,
      ),
    )
    .filter((part) => part.length > 2);
}

/** Antarctica is the one ring that ends a turn away from where it began. */
function aroundPole(ring: Ring): Ring {
  const [first, last] = [ring[0], ring.at(-1)];
  if (first === undefined || last === undefined || Math.abs(last[0] - first[0]) < 180) return ring;
  return [...ring, [last[0], -90], [first[0], -90]];
}

/** Sutherland and Hodgman, against one meridian. */
function clip(ring: Ring, isInside: (x: number) => boolean, meridian: number): Ring {
  return ring.flatMap((point, index) => {
    const before = ring.at(index - 1) ?? point;
    const crossing = (): Point => {
      const share = (meridian - before[0]) / (point[0] - before[0]);
      return [meridian, before[1] + share * (point[1] - before[1])];
    };
    if (isInside(point[0])) return isInside(before[0]) ? [point] : [crossing(), point];
    return isInside(before[0]) ? [crossing()] : [];
  });
}

/** Area and centroid on the sphere, by the equal-area cylindrical projection (longitude, sin latitude). */
export function centroid(ring: Ring): { readonly area: number; readonly point: Point } {
  const points = aroundPole(unwrapped(ring)).map(
    ([longitude, latitude]): Point => [longitude, Math.sin(rad(latitude))],
  );
  let [area, x, y] = [0, 0, 0];
  for (const [index, [x1, y1]] of points.entries()) {
    const [x2, y2] = points[(index + 1) % points.length] ?? [x1, y1];
    const cross = x1 * y2 - x2 * y1;
    area += cross;
    x += (x1 + x2) * cross;
    y += (y1 + y2) * cross;
  }
  return { area: Math.abs(area / 2), point: [x / (3 * area), deg(Math.asin(y / (3 * area)))] };
}

/** The centroid when it is inside, else the middle of the widest stretch of land at its latitude. */
export function innerPoint(ring: Ring): Point {
  const [longitude, latitude] = centroid(ring).point;
  const points = aroundPole(unwrapped(ring));
  const crossings: number[] = [];
  for (const [index, [x1, y1]] of points.entries()) {
    const [x2, y2] = points[(index + 1) % points.length] ?? [x1, y1];
    if (y1 > latitude !== y2 > latitude) crossings.push(x1 + ((latitude - y1) / (y2 - y1)) * (x2 - x1));
  }
  crossings.sort((a, b) => a - b);
  const stretches: Point[] = [];
  for (let i = 0; i + 1 < crossings.length; i += 2)
    stretches.push([crossings[i] ?? 0, crossings[i + 1] ?? 0]);
  if (stretches.some(([from, to]) => from <= longitude && longitude <= to))
    return [onMap(longitude), latitude];
  const [widest = [longitude, longitude]] = stretches.sort((a, b) => b[1] - b[0] - (a[1] - a[0]));
  return [onMap((widest[0] + widest[1]) / 2), latitude];
}

function onMap(longitude: number): number {
  if (longitude > 180) return longitude - 360;
  return longitude < -180 ? longitude + 360 : longitude;
}

function rad(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

function deg(radians: number): number {
  return (radians * 180) / Math.PI;
}
