// Child processes of the harness: a log file each, ended as a whole group, never left behind.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { waitFor } from "./wait.ts";

/** A running child with everything it prints in one file. */
export interface Child {
  readonly pid: number;
  readonly logFile: string;
  /** All output so far. */
  log(): string;
  /** `undefined` while it runs. */
  exit(): { code: number | null; signal: NodeJS.Signals | null } | undefined;
  /** Resolves with the first match in the output; rejects when the child ends or time is up. */
  waitForLine(pattern: RegExp, timeoutMs?: number): Promise<RegExpMatchArray>;
  /**
   * SIGTERM to the group, SIGKILL after `graceMs`. Resolves when the whole group is gone.
   * @param isHeldUp whether it waits for something, as far as it says: until then it gets a minute more, for a machine
   *   with much to do.
   */
  end(graceMs?: number, isHeldUp?: () => boolean): Promise<void>;
  /** SIGKILL to the group, now. */
  kill9(): Promise<void>;
}

/** Another user's numbers, which only root can take on. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

let reaper: ChildProcess | undefined;
const alive = new Set<Child>();

/** One helper process per test process ends our groups even when we are killed with SIGKILL. */
function tellReaper(line: string): void {
  if (!reaper) {
    reaper = spawn(process.execPath, [fileURLToPath(new URL("./reaper.mjs", import.meta.url))], {
      detached: true, // a Ctrl-C in the terminal must not end it before us
      stdio: ["pipe", "ignore", "ignore"],
    });
    reaper.unref();
    const pipe = reaper.stdin as unknown as {
      unref?: () => void;
      on: (event: "error", f: () => void) => void;
    } | null;
    pipe?.unref?.();
    pipe?.on("error", () => undefined);
  }
  reaper.stdin?.write(`${line}\n`);
}

/** True while any process of the group is alive. */
export function groupAlive(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

const signalGroup = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-pid, signal);
  } catch {
    // the group is already gone
  }
};

/** Starts `command` as the leader of its own process group, output appended to `logFile`. */
export function startProcess(
  command: string,
  args: readonly string[],
  options: { env: NodeJS.ProcessEnv; cwd: string; logFile: string; account?: Account },
): Child {
  const out = openSync(options.logFile, "a");
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env,
    ...options.account,
    detached: true,
    stdio: ["ignore", out, out],
  });
  closeSync(out);
  const pid = child.pid;
  if (pid === undefined) throw new Error(`cannot start ${command}: is it installed? Log: ${options.logFile}`);
  tellReaper(`+${pid}`);

  let exit: ReturnType<Child["exit"]>;
  child.on("exit", (code, signal) => {
    exit = { code, signal };
  });
  child.unref();

  const log = (): string => readFileSync(options.logFile, "utf8");
  const tail = (): string => `last lines of ${options.logFile}:\n${log().split("\n").slice(-20).join("\n")}`;

  const gone = async (): Promise<void> => {
    await waitFor(`process group ${pid} to end`, () => !groupAlive(pid), { timeoutMs: 60_000, everyMs: 20 });
    tellReaper(`-${pid}`);
    alive.delete(self);
  };

  const self: Child = {
    pid,
    logFile: options.logFile,
    log,
    exit: () => exit,
    waitForLine: (pattern, timeoutMs = 120_000) =>
      waitFor(
        `${pattern} from ${command}`,
        () => {
          const found = log().match(pattern);
          if (!found && exit) throw new Error(`${command} ended (${exit.code ?? exit.signal})\n${tail()}`);
          return found;
        },
        { timeoutMs, onTimeout: tail },
      ),
    async end(graceMs = 8000, isHeldUp = () => true) {
      signalGroup(pid, "SIGTERM");
      const isOver = (): boolean => !groupAlive(pid);
      const patience = { timeoutMs: 60_000, everyMs: 50 };
      await waitFor("the end, or what holds it up", () => isOver() || isHeldUp(), patience).catch(() => {});
      await waitFor("a quiet end", isOver, { timeoutMs: graceMs, everyMs: 20 }).catch(() =>
        signalGroup(pid, "SIGKILL"),
      );
      await gone();
    },
    async kill9() {
      signalGroup(pid, "SIGKILL");
      await gone();
    },
  };
  alive.add(self);
  return self;
}

/** Ends every process of this module that still runs, started completely or not. */
export async function endAllProcesses(): Promise<void> {
  await Promise.allSettled([...alive].map((child) => child.end(2000)));
}
