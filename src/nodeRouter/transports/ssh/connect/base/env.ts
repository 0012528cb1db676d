// What a connection needs from the gateway machine: variables, files, the clock, and Tailscale's answer.

import { readFile } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import {
  type TailscaleHostKeys,
  tailscaleHostKeys,
} from "../../../../../presence/sources/tailscale/hostKeys.ts";
import { isAbsent } from "../../../../../shared/errorCode.ts";

export interface ConnectEnv {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly home: string;
  /** Login name of the user that runs the gateway. */
  readonly user: string;
  /** The same user's entry in the user database, which OpenSSH goes by; null = there is none. */
  readonly account: { readonly name: string; readonly home: string } | null;
  /** Absolute path of ssh_config, which counts after the user's where `home` is not the account's. */
  readonly systemConfig: string;
  /** Absolute paths; null = those that ssh was built with. */
  readonly systemKnownHosts: readonly string[] | null;
  /** Rejects with Node's error; code ENOENT = absent. */
  readonly readFile: (path: string) => Promise<Buffer>;
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
  const account = accountOfProcess();
  return {
    variables: process.env,
    home: homedir(),
    user: account?.name ?? process.env.USER ?? process.env.LOGNAME ?? "",
    account,
    systemConfig: "/etc/ssh/ssh_config",
    systemKnownHosts: null,
    readFile: (path) => readFile(path),
    tailscaleKeys: (peer, host) => tailscaleHostKeys(peer, host),
    now: () => performance.now(),
  };
}

/** A container may run us under a user id without a name. */
function accountOfProcess(): ConnectEnv["account"] {
  try {
    const { username, homedir: home } = userInfo();
    return { name: username, home };
  } catch {
    return null;
  }
}

/** The file's text; null when there is none. Other errors are thrown. */
export async function readTextFile(env: Pick<ConnectEnv, "readFile">, path: string): Promise<string | null> {
  try {
    return (await env.readFile(path)).toString("utf8");
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}
