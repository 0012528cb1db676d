// What a connection needs from the gateway machine: variables, files, the clock, and Tailscale's answer.
import { readdir, readFile } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import {
  type TailscaleHostKeys,
  tailscaleHostKeys,
} from "../../../../presence/sources/tailscale/hostKeys.ts";

export interface ConnectEnv {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly home: string;
  /** Login name of the user that runs the gateway. */
  readonly user: string;
  /** Absolute paths of OpenSSH's own files. */
  readonly systemConfig: string;
  readonly systemKnownHosts: readonly string[];
  /** Rejects with Node's error; code ENOENT = absent. */
  readonly readFile: (path: string) => Promise<Buffer>;
  /** Names in a directory; rejects like readFile. */
  readonly listDirectory: (path: string) => Promise<readonly string[]>;
  /**
   * Host keys that Tailscale's control plane knows of the peer that `host` leads to.
   * @param peer MagicDNS name, hostname or IP address, as configured. Never rejects.
   */
  readonly tailscaleKeys: (peer: string, host: string) => Promise<TailscaleHostKeys>;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** The machine this process runs on. */
export function processEnv(): ConnectEnv {
  return {
    variables: process.env,
    home: homedir(),
    user: loginName(),
    systemConfig: "/etc/ssh/ssh_config",
    systemKnownHosts: ["/etc/ssh/ssh_known_hosts"],
    readFile: (path) => readFile(path),
    listDirectory: (path) => readdir(path),
    tailscaleKeys: (peer, host) => tailscaleHostKeys(peer, host),
    now: () => performance.now(),
  };
}

/** A container may run us under a user id without a name. */
function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env.USER ?? process.env.LOGNAME ?? "";
  }
}

/** The file's text; null when there is none. Other errors are thrown. */
export async function readText(env: Pick<ConnectEnv, "readFile">, path: string): Promise<string | null> {
  try {
    return (await env.readFile(path)).toString("utf8");
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

/** Whether the error says that there is nothing at the path. */
export function isAbsent(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

/** Node's code of a system error, e.g. `ECONNREFUSED`; null when it has none. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}
