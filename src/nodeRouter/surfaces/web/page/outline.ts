// The outline of the land in the plane of the map. Pure.
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
        const { x, y } = project({ latitude: -south, longitude });
        points += `${absolute && index === 0 ? "M" : "L"}${Math.round(x * FINE) / FINE} ${Math.round(y * FINE) / FINE}`;
      }
      return points;
    })
    .join("");
}

/** Degrees between the lines of the grid. */
const GRID = 30;

/** Meridians and parallels, in the plane. */
export function gridPath(): string {
  const lines: string[] = [];
  const steps = (from: number, to: number, by: number): readonly number[] =>
    Array.from({ length: (to - from) / by + 1 }, (_, index) => from + index * by);
  const line = (points: readonly { readonly latitude: number; readonly longitude: number }[]): void => {
    const path = points.map((point, index) => {
      const { x, y } = project(point);
      return `${index === 0 ? "M" : "L"}${Math.round(x * FINE) / FINE} ${Math.round(y * FINE) / FINE}`;
    });
    lines.push(path.join(""));
  };
  for (const longitude of steps(-180, 180, GRID))
    line(steps(-90, 90, 5).map((latitude) => ({ latitude, longitude })));
  for (const latitude of steps(-60, 60, GRID))
    line([-180, 180].map((longitude) => ({ latitude, longitude })));
  return lines.join("");
}
