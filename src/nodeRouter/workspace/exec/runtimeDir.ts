// A folder of this process alone for the exec server's socket and the helper's text.
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TELL_USER } from "../../../shared/errorCatalogue.ts";
import { NodeRouterError } from "../../../shared/errors.ts";
import { type Refusal, refusal } from "../../../shared/refusal.ts";
import { quote } from "../../../shared/safeText.ts";

/** Bytes of a socket's path without its NUL: 104 with it on macOS, 108 on Linux. */
const MAX_SOCKET_PATH = 103;

const PREFIX = "ocnr-";

export interface RuntimeDir {
  readonly path: string;
  /** Of the unix socket, or the named pipe's name on Windows. */
  readonly socketPath: string;
  readonly helperPath: string;
  /** Runs the file at `helperPath`. */
  readonly program: string;
  /** False once something has cleaned up: systems empty their temporary folder by age. */
  isComplete(): boolean;
  remove(): void;
}

/** The helper as a file. */
export interface Helper {
  /** What runs it, absolute. */
  readonly program: string;
  readonly source: string;
}

export interface RuntimeDirOptions {
  readonly helper: Helper;
  /** Where to make it; default: the system's temporary folder, or /tmp where that one's path is too long. */
  readonly parent?: string;
  readonly platform?: NodeJS.Platform;
  /** Whether a process with this id runs. */
  readonly isAlive?: (pid: number) => boolean;
}

/**
 * Makes the folder with mode 0700 and the helper in it with 0600, and removes what dead processes of this user
 * left behind. A few system calls, once a process.
 * @throws NodeRouterError NOT_STARTED: the folder cannot be made, or others can enter it.
 */
export function createRuntimeDir(options: RuntimeDirOptions): RuntimeDir {
  const { helper, platform = process.platform, isAlive = processIsAlive } = options;
  const windows = platform === "win32";
  const parent = options.parent ?? shortest(windows);
  removeOrphans(parent, isAlive);
  let path: string;
  try {
    path = mkdtempSync(join(parent, `${PREFIX}${process.pid}-`));
    if (!windows) chmodSync(path, 0o700);
    writeFileSync(join(path, "h.cjs"), helper.source, { mode: 0o600, flag: "wx" });
  } catch (error) {
    const fact = `the folder for the exec server cannot be made in ${quote(parent)}`;
    throw new NodeRouterError(nothingRan(fact, "Make it writable"), { cause: error });
  }
  // SECURITY: pipes of Windows are in no folder, so nobody may know the name.
  const pipe = `\\\\.\\pipe\\openclaw-nr-${randomBytes(16).toString("hex")}`;
  const socketPath = windows ? pipe : join(path, "s");
  const helperPath = join(path, "h.cjs");
  const remove = () => rmSync(path, { recursive: true, force: true });
  if (!windows && Buffer.byteLength(socketPath) > MAX_SOCKET_PATH) {
    remove();
    const fact = `the path ${quote(socketPath)} is too long for a socket`;
    throw new NodeRouterError(nothingRan(fact, "Set TMPDIR to a shorter path"));
  }
  return {
    path,
    socketPath,
    helperPath,
    program: helper.program,
    isComplete: () => existsSync(helperPath) && (windows || existsSync(socketPath)),
    remove,
  };
}

function nothingRan(fact: string, advice: string): Refusal {
  return refusal("NOT_STARTED", fact, { nothingRan: "nothing ran", advice, agentAdvice: TELL_USER });
}

/** The socket's path is longer than its folder's by some thirty bytes. */
function shortest(windows: boolean): string {
  const own = tmpdir();
  return windows || Buffer.byteLength(own) <= MAX_SOCKET_PATH - 30 ? own : "/tmp";
}

/** Folders of gateways that were killed. SECURITY: only this user's, and no links. */
function removeOrphans(parent: string, isAlive: (pid: number) => boolean): void {
  const user = process.getuid?.();
  try {
    for (const name of readdirSync(parent)) {
      const pid = /^ocnr-(\d+)-\w{6}$/.exec(name)?.[1];
      if (pid === undefined || isAlive(Number(pid))) continue;
      const folder = join(parent, name);
      const facts = lstatSync(folder);
      if (facts.isDirectory() && (user === undefined || facts.uid === user)) {
        rmSync(folder, { recursive: true, force: true });
      }
    }
  } catch {
    // A folder that stays costs a few kilobytes.
  }
}

function processIsAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is another user's.
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}
