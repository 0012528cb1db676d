// A throw-away home on a "node", and the job scripts run in it by a real shell.
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { killScript, pollScript, STARTED, startScript } from "../../../src/nodeRouter/jobs/nodeJob.ts";

export const ID = "nr-0123456789ab";

export interface JobShell extends Disposable {
  readonly home: string;
  /** As the node host does it: one script, a limit, and its stdout. */
  run(script: string): Promise<string>;
  /** Starts a job and gives its process group. */
  start(command: string): Promise<number>;
  poll(offset?: number): Promise<string>;
  kill(): Promise<string>;
  /** A file in the job's folder. */
  file(name: string): string;
}

export function jobShell(shell: string): JobShell {
  const home = mkdtempSync(join(tmpdir(), "node-router-job-"));
  const groups: number[] = [];
  const run = (script: string) =>
    new Promise<string>((resolve) => {
      const env = { PATH: process.env.PATH, HOME: home };
      execFile(shell, ["-c", script], { env, timeout: 10_000 }, (_error, stdout) => resolve(stdout));
    });
  const file = (name: string) => join(home, ".openclaw-node-router", "jobs", ID, name);
  return {
    home,
    run,
    file,
    async start(command) {
      const printed = await run(startScript(ID, command));
      const [, id, group] = new RegExp(`^${STARTED} (\\S+) (\\d+)\n$`).exec(printed) ?? [];
      if (id !== ID) throw new Error(`not started: ${printed}`);
      groups.push(Number(group));
      return Number(group);
    },
    poll: (offset = 0) => run(pollScript(ID, offset)),
    kill: () => run(killScript(ID)),
    [Symbol.dispose]() {
      for (const group of groups) signalGroup(group, "SIGKILL");
      rmSync(home, { recursive: true, force: true });
    },
  };
}

export function signalGroup(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(-group, name);
  } catch {
    // It is gone, which is what was wanted.
  }
}

/** Whether a process runs; one that is dead and not yet collected does not. */
export function isAlive(pid: number): boolean {
  const state = spawnSync("ps", ["-o", "stat=", "-p", `${pid}`], { encoding: "utf8" }).stdout.trim();
  return state !== "" && !state.startsWith("Z");
}

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await holds()) return;
    await delay(25);
  }
  throw new Error(`waited in vain for ${holds}`);
}
