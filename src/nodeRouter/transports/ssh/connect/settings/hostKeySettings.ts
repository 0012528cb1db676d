// Where the host keys of one machine are known from, and under which name.
import type { ConnectEnv } from "../env.ts";
import { isNone, type Statement } from "./configText.ts";
import { expandPath, type Tokens } from "./expand.ts";
import { DEFAULT_PORT, type HopConfig } from "./hopConfig.ts";
import type { HostOptions } from "./hostOptions.ts";

/** Whom we believe to be this machine. */
export interface HostKeySettings {
  /** What known_hosts calls it: `host`, `[host]:port`, or HostKeyAlias. */
  readonly name: string;
  /** The plain host where `name` has a port, which OpenSSH then accepts too; else null. */
  readonly plainName: string | null;
  /** Absolute paths; new keys go into the first. Empty when ssh_config says none. */
  readonly files: readonly string[];
  readonly systemFiles: readonly string[];
  /** Then no other key is believed: the fingerprint, and the config key that says so. */
  readonly pin: { readonly fingerprint: string; readonly at: string } | null;
  /** Tailnet peer to ask Tailscale about; null = do not ask. */
  readonly tailscale: string | null;
}

/** @param place host and port that are connected to. */
export function readHostKeySettings(
  config: HopConfig,
  { first }: HostOptions,
  place: { readonly host: string; readonly port: number; readonly alias: string | null },
  tokens: Tokens,
  env: ConnectEnv,
): HostKeySettings {
  const { port, alias } = place;
  const host = place.host.toLowerCase();
  return {
    name: alias ?? (port === DEFAULT_PORT ? host : `[${host}]:${port}`),
    plainName: alias === null && port !== DEFAULT_PORT ? host : null,
    files: readFiles(config, first.get("userknownhostsfile"), tokens, env),
    systemFiles: systemFiles(first.get("globalknownhostsfile"), tokens, env),
    pin: config.hostKey === null ? null : { fingerprint: config.hostKey, at: `${config.at}.hostKey` },
    tailscale: config.tailscale,
  };
}

function readFiles(
  config: HopConfig,
  statement: Statement | undefined,
  tokens: Tokens,
  env: ConnectEnv,
): readonly string[] {
  if (config.knownHostsFile !== null) {
    return [expandPath(config.knownHostsFile, env, tokens, `${config.at}.knownHostsFile`)];
  }
  if (statement === undefined) return [`${env.home}/.ssh/known_hosts`];
  return isNone(statement) ? [] : statement.args.map((path) => expandPath(path, env, tokens, statement.at));
}

function systemFiles(statement: Statement | undefined, tokens: Tokens, env: ConnectEnv): readonly string[] {
  if (statement === undefined) return env.systemKnownHosts;
  return isNone(statement) ? [] : statement.args.map((path) => expandPath(path, env, tokens, statement.at));
}
