// Finds processes that still run in a throw-away home: agents' commands may have left our process groups.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const fromProc = (dir: string): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8").includes(dir);
      } catch {
        return false; // ended meanwhile, or another user's
      }
    });

const fromPs = (dir: string): number[] =>
  execFileSync("ps", ["-A", "-E", "-ww", "-o", "pid=,command="], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  })
    .split("\n")
    .filter((line) => line.includes(dir))
    .map((line) => Number.parseInt(line, 10));

/** Ids of live processes whose environment names `dir` (every child of a throw-away machine has it as HOME). */
export function processesOf(dir: string): number[] {
  const found = process.platform === "linux" ? fromProc(dir) : fromPs(dir);
  return found.filter((pid) => pid !== process.pid);
}

/** Whether there is a process of this id. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Ends what is left of a throw-away home, so that nothing outlives a test. */
export function endProcessesOf(dir: string): void {
  for (const pid of processesOf(dir)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // ended meanwhile
    }
  }
}
