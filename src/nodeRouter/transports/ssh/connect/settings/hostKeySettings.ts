// Where the host keys of one machine are known from, and under which name.
import type { ConnectEnv } from "../base/env.ts";
import { expandPath, type Tokens } from "./expand.ts";
import { DEFAULT_PORT, type HopConfig } from "./hopConfig.ts";
import { splitFiles } from "./knownHostsFiles.ts";
import { oneOf, type SshConfigAnswer } from "./sshAnswer.ts";

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

/** What ssh says of its own accord, wherever it was built to look. */
const SYSTEM_DEFAULT = /^\S*ssh_known_hosts \S*ssh_known_hosts2$/;

/**
 * @param place host and port that are connected to.
 * @param otherHome what ssh took for the home where that is another than the gateway's.
 */
export function readHostKeySettings(
  config: HopConfig,
  answer: SshConfigAnswer,
  place: { readonly host: string; readonly port: number; readonly alias: string | null },
  tokens: Tokens,
  env: ConnectEnv,
  otherHome: string | null,
): HostKeySettings {
  const { port, alias } = place;
  const host = place.host.toLowerCase();
  const files = { home: env.home, otherHome, expansions: answer.expansions };
  const isSystemDefault = SYSTEM_DEFAULT.test(oneOf(answer, "globalknownhostsfile") ?? "");
  return {
    name: alias ?? (port === DEFAULT_PORT ? host : `[${host}]:${port}`),
    plainName: alias === null && port !== DEFAULT_PORT ? host : null,
    files:
      config.knownHostsFile === null
        ? splitFiles(oneOf(answer, "userknownhostsfile") ?? "", {
            ...files,
            at: `UserKnownHostsFile of "${config.host}"`,
          })
        : [expandPath(config.knownHostsFile, env, tokens, `${config.at}.knownHostsFile`)],
    systemFiles:
      isSystemDefault && env.systemKnownHosts !== null
        ? env.systemKnownHosts
        : // ssh expands nothing of these before it prints them.
          splitFiles(oneOf(answer, "globalknownhostsfile") ?? "", {
            ...files,
            otherHome: null,
            expansions: [],
            at: `GlobalKnownHostsFile of "${config.host}"`,
          }),
    pin: config.hostKey === null ? null : { fingerprint: config.hostKey, at: `${config.at}.hostKey` },
    tailscale: config.tailscale,
  };
}
