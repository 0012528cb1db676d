// What scripts left behind: how often one ran, and what of a process group has not ended.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Marks {
  /** Begins a script; each execution adds a line. */
  mark(): string;
  /** How many executions there were. */
  marks(): number;
}

/** @param folder asked each time: every test may have its own. */
export function marksIn(folder: () => string): Marks {
  return {
    mark: () => `echo >>${folder()}/marks;`,
    marks() {
      try {
        return readFileSync(join(folder(), "marks"), "utf8").length;
      } catch {
        return 0;
      }
    },
  };
}

/** Processes of the group that have not ended; one that nobody has buried yet is none. */
export function livingIn(group: number): number {
  return execFileSync("ps", ["-A", "-o", "pgid=,stat="], { encoding: "utf8" })
    .split("\n")
    .filter((line) => new RegExp(`^ *${group} +[^Z]`).test(line)).length;
}
