// The outline of the land in the plane of the map. Pure.
import type { GeoPoint } from "../../../../shared/distance.ts";
import { project } from "./geometry.ts";

/** Three decimals of the plane are finer than a pixel at the closest zoom. */
const FINE = 1000;

/** The path's data of an SVG file that has one path; empty where it has none. */
export function pathOf(svg: string): string {
  return /\bd="([^"]*)"/.exec(svg)?.[1] ?? "";
}

/**
 * SVG path data in the plane of `project`.
 * @param outline path data of commands `M`, `l` and `z`, in degrees east and south.
 */
export function outlinePath(outline: string): string {
  let longitude = 0;
  let south = 0;
  return outline
    .trim()
    .split(/(?=[Mlz])/)
    .map((command) => {
      if (command.startsWith("z")) return "Z";
      const numbers = (command.match(/-?\d*\.?\d+/g) ?? []).map(Number);
      const absolute = command.startsWith("M");
      let points = "";
      for (let index = 0; index + 1 < numbers.length; index += 2) {
        longitude = (absolute ? 0 : longitude) + (numbers[index] ?? 0);
        south = (absolute ? 0 : south) + (numbers[index + 1] ?? 0);
        points += step(absolute && index === 0, { latitude: -south, longitude });
      }
      return points;
    })
    .join("");
}

function step(isFirst: boolean, point: GeoPoint): string {
  const { x, y } = project(point);
  return `${isFirst ? "M" : "L"}${Math.round(x * FINE) / FINE} ${Math.round(y * FINE) / FINE}`;
}

/** Degrees between the lines of the grid. */
const GRID = 30;

/** Meridians and parallels, in the plane. */
export function gridPath(): string {
  const range = (from: number, to: number, by: number): readonly number[] =>
    Array.from({ length: (to - from) / by + 1 }, (_, index) => from + index * by);
  const meridians = range(-180, 180, GRID).map((longitude) =>
    range(-90, 90, 5).map((latitude) => ({ latitude, longitude })),
  );
  const parallels = range(-60, 60, GRID).map((latitude) =>
    [-180, 180].map((longitude) => ({ latitude, longitude })),
  );
  return [...meridians, ...parallels]
    .flatMap((line) => line.map((point, index) => step(index === 0, point)))
    .join("");
}
