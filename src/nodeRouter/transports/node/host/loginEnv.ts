// The environment of commands: what a login of the node host's user has, and nothing of the node host's own.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { userInfo } from "node:os";
import { once } from "../../../../shared/once.ts";

export type Env = Readonly<Record<string, string>>;

/** What was found out about a login. */
export interface LoginEnv {
  readonly env: Env;
  /** Whether the login shell told it; else it is the short list. */
  readonly isWhole: boolean;
  /** By a clock that is never set. */
  readonly atMs: number;
}

/** Profiles that fetch or wait are not waited for. */
const MAX_MS = 10_000;
const MAX_BYTES = 1 << 20;
const LEFT_OPEN_MS = 200;
/** Of the node host's own environment, what a login is begun with: no secret, and what a service manager alone knows. */
const KEPT = /^(HOME|USER|LOGNAME|SHELL|PATH|LANG|LC_[A-Z]+|TZ|TMPDIR)$/;
/**
 * SECURITY: a profile may export OPENCLAW_GATEWAY_TOKEN, with which a command could act as the gateway's operator. The
 * rest is the login shell's own state.
 */
const DROPPED = /^(OPENCLAW_.*|_|PWD|OLDPWD|SHLVL|TERM)$/;
const FALLBACK_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

/**
 * Asks the login shell once for its environment. Never rejects: a shell that fails, or takes too long, leaves the
 * short list that it would have begun with.
 * @param own of the node host's process.
 */
export async function readLoginEnv(own: NodeJS.ProcessEnv = process.env, maxMs = MAX_MS): Promise<LoginEnv> {
  const base = baseEnv(own);
  const told = await askShell(base, maxMs);
  const all = Object.entries({ ...base, ...told });
  const env = Object.fromEntries(all.filter(([name]) => !DROPPED.test(name)));
  return { env, isWhole: told !== null, atMs: performance.now() };
}

/** What a login begins with. */
export function baseEnv(own: NodeJS.ProcessEnv = process.env): Env {
  const { username, homedir, shell } = user();
  const kept = Object.entries(own).flatMap(([name, value]) =>
    KEPT.test(name) && value ? [[name, value] as const] : [],
  );
  return {
    PATH: FALLBACK_PATH,
    USER: username,
    LOGNAME: username,
    HOME: homedir,
    ...(shell ? { SHELL: shell } : {}),
    ...Object.fromEntries(kept),
  };
}

/** Asked once: a machine may keep its users in a directory that is far away. */
const user = once(
  (): { readonly username: string; readonly homedir: string; readonly shell: string | null } => {
    try {
      return userInfo();
    } catch {
      // A container's user that has no entry.
      return { username: "", homedir: "/", shell: null };
    }
  },
);

/** Null: it told nothing that can be used. csh takes no `-l` with `-c`. */
function askShell(base: Env, maxMs: number): Promise<Env | null> {
  const { SHELL = "" } = base;
  if (!SHELL.startsWith("/") || SHELL.endsWith("csh")) return Promise.resolve(null);
  // A profile may print; what stands behind the mark is the answer.
  const mark = randomBytes(16).toString("hex");
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const child = spawn(SHELL, ["-l", "-c", `printf ${mark}; exec env -0`], {
      env: base,
      cwd: "/",
      detached: true,
      stdio: ["ignore", "pipe", "ignore"],
    });
    const end = (answer: Env | null): void => {
      clearTimeout(timer);
      resolve(answer);
      child.stdout.destroy();
    };
    const giveUp = (): void => {
      end(null);
      killGroup(child.pid);
    };
    const timer = setTimeout(giveUp, maxMs);
    child.once("error", () => end(null));
    child.stdout.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > MAX_BYTES) giveUp();
    });
    // What a profile leaves running may hold the output open.
    child.once("exit", () => {
      const answer = (): void => end(envIn(Buffer.concat(chunks).toString("utf8"), mark));
      child.stdout.once("close", answer);
      setTimeout(answer, LEFT_OPEN_MS);
    });
  });
}

function envIn(text: string, mark: string): Env | null {
  const at = text.indexOf(mark);
  if (at === -1) return null;
  const pairs = text
    .slice(at + mark.length)
    .split("\0")
    .flatMap((line) => {
      const equals = line.indexOf("=");
      return equals > 0 ? [[line.slice(0, equals), line.slice(equals + 1)] as const] : [];
    });
  return pairs.length === 0 ? null : Object.fromEntries(pairs);
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}
