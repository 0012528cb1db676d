// Files of one JSON value a line, read while somebody writes them.
import { existsSync, readFileSync } from "node:fs";

/** The values of the whole lines of a file, or of those that `wanted` takes; none where there is no file yet. */
export function jsonLines<T>(file: string, wanted: (line: string) => boolean = () => true): readonly T[] {
  if (!existsSync(file)) return [];
  // What follows the last end of a line is not written to its end yet.
  const whole = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return whole.filter((line) => line !== "" && wanted(line)).map((line) => JSON.parse(line) as T);
}
