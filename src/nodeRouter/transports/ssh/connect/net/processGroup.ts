// Ends a child process together with everything that it started.
import type { ChildProcess } from "node:child_process";

/** For a child that was spawned `detached`; on Windows, which has no groups, the child alone. Never throws. */
export function endProcessGroup(child: Pick<ChildProcess, "pid" | "kill">, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // All of it has ended.
  }
}
