// A throw-away home on a "node", and the job scripts run in it by a real shell.
import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { followScript, killScript, pollScript } from "../../../src/nodeRouter/jobs/jobLooks.ts";
import { STARTED, type StartOptions, startScript } from "../../../src/nodeRouter/jobs/nodeJob.ts";

export const ID = "nr-0123456789ab";

export interface JobShell extends Disposable {
  readonly home: string;
  /** As the node host does it: one script, a limit, and its stdout. */
  run(script: string): Promise<string>;
  /** Starts a job and gives its process group. */
  start(command: string, options?: StartOptions): Promise<number>;
  /** The same by a script of one's own. */
  begin(script: string): Promise<number>;
  /** A connection that follows the job. */
  follow(offset: number, input?: boolean): Follower;
  poll(offset?: number): Promise<string>;
  kill(): Promise<string>;
  /** A file in the job's folder. */
  file(name: string): string;
}

export interface Follower {
  readonly stdin: Writable;
  readonly out: () => string;
  readonly err: () => string;
  readonly ended: Promise<void>;
  /** As a node does with what a lost connection leaves. */
  kill(): void;
}

export function jobShell(shell: string): JobShell {
  const home = mkdtempSync(join(tmpdir(), "node-router-job-"));
  const groups: number[] = [];
  const run = (script: string) =>
    new Promise<string>((resolve) => {
      const env = { PATH: process.env.PATH, HOME: home };
      execFile(shell, ["-c", script], { env, timeout: 60_000 }, (_error, stdout) => resolve(stdout));
    });
  const file = (name: string) => join(home, ".openclaw-node-router", "jobs", ID, name);
  const shellOf: JobShell = {
    home,
    run,
    file,
    start: (command, options) => shellOf.begin(startScript(ID, command, options)),
    async begin(script) {
      const printed = await run(script);
      const [, id, group] = new RegExp(`^${STARTED} (\\S+) (\\d+)\n$`).exec(printed) ?? [];
      if (id !== ID) throw new Error(`not started: ${printed}`);
      groups.push(Number(group));
      return Number(group);
    },
    follow(offset, input = false) {
      const child = spawn(shell, ["-c", followScript(ID, offset, input)], {
        env: { PATH: process.env.PATH, HOME: home },
        detached: true,
      });
      child.stdin.on("error", () => {});
      const said = { out: "", err: "" };
      child.stdout.on("data", (chunk) => {
        said.out += chunk;
      });
      child.stderr.on("data", (chunk) => {
        said.err += chunk;
      });
      const group = child.pid ?? 0;
      groups.push(group);
      return {
        stdin: child.stdin,
        out: () => said.out,
        err: () => said.err,
        ended: once(child, "close").then(() => {}),
        kill: () => signalGroup(group, "SIGKILL"),
      };
    },
    poll: (offset = 0) => run(pollScript(ID, offset)),
    kill: () => run(killScript(ID)),
    [Symbol.dispose]() {
      for (const group of groups) signalGroup(group, "SIGKILL");
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return shellOf;
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
  for (let tries = 0; tries < 1_200; tries++) {
    if (await holds()) return;
    await delay(25);
  }
  throw new Error(`waited in vain for ${holds}`);
}
