// The effective settings of one machine on the way: the config over what ssh says.
import { sshNameProblem } from "../../../../../config/checks/sshName.ts";
import { quote, safe } from "../../../../../shared/safeText.ts";
import { type Offer, offerFor } from "../base/algorithms.ts";
import type { ConnectEnv } from "../base/env.ts";
import type { SshAsker } from "./askOpenSsh.ts";
import { expandTokens, type Tokens } from "./expand.ts";
import type { HopConfig } from "./hopConfig.ts";
import { type HostKeySettings, readHostKeySettings } from "./hostKeySettings.ts";
import { type IdentitySettings, readIdentity } from "./identitySettings.ts";
import { invalid } from "./invalid.ts";
import { unhonoured } from "./keywords.ts";
import { type NetworkSettings, readNetwork } from "./networkSettings.ts";
import { NOT_ASKED } from "./pluginOnly.ts";
import { type JumpChain, readProxyJump } from "./proxyJump.ts";
import { isOn, listOf, oneOf, type SshConfigAnswer } from "./sshAnswer.ts";

export interface Hop {
  /** Where its settings are: the node's `…ssh` in the config in full, or whose ProxyJump. */
  readonly at: string;
  /** As written. */
  readonly name: string;
  /** Host name or address to connect to. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly identity: IdentitySettings;
  readonly hostKey: HostKeySettings;
  /** Shell command whose input and output are the connection; null = TCP, or through the hop before it. */
  readonly proxyCommand: string | null;
  readonly network: NetworkSettings;
  readonly offer: Offer;
}

export interface ResolvedHop {
  readonly hop: Hop;
  /** Hosts to go through first; null = none. */
  readonly jumps: JumpChain | null;
  /** What ssh_config says and does not count here. */
  readonly notes: readonly string[];
  /** Why ssh was not asked; null = it was. */
  readonly notAsked: string | null;
}

/** @throws NodeRouterError SSH_SETTINGS_INVALID, NOT_STARTED (aborted) */
export async function resolveHop(config: HopConfig, asker: SshAsker, env: ConnectEnv): Promise<ResolvedHop> {
  const problem = sshNameProblem(config.host);
  if (problem !== null) throw invalid(`${config.at}: the host ${quote(config.host)} ${problem}`);
  const answer = await asker.ask(config);
  const { otherHome } = asker;
  const host = readHost(config, answer);
  const port = readPort(config, answer);
  const user = readUser(config, answer);
  refuseUnsupported(config, answer, host);
  const alias = oneOf(answer, "hostkeyalias")?.toLowerCase() ?? null;
  const jumpsText = oneOf(answer, "proxyjump");
  const jumps = jumpsText === null ? null : readProxyJump(jumpsText, `ProxyJump of "${config.host}"`);
  const proxyTokens: Tokens = { h: host, n: config.host, p: String(port), r: user, k: alias ?? config.host };
  const tokens: Tokens = {
    ...proxyTokens,
    u: env.user,
    d: env.home,
    j: jumps?.last.host ?? "",
    ...sshTokens(answer),
  };
  const proxy = oneOf(answer, "proxycommand");
  const { offer, empty } = offerFor({
    kex: listOf(answer, "kexalgorithms"),
    ciphers: listOf(answer, "ciphers"),
    macs: listOf(answer, "macs"),
    hostKeys: listOf(answer, "hostkeyalgorithms"),
  });
  if (empty.length > 0) {
    throw invalid(
      `${empty.join(", ")} of ${quote(config.host)} in ssh_config leaves nothing that node-router can do`,
      "add one that it can to the list",
    );
  }
  return {
    hop: {
      at: config.at,
      name: config.host,
      host,
      port,
      user,
      identity: readIdentity(config, answer, tokens, env, otherHome),
      hostKey: readHostKeySettings(config, answer, { host, port, alias }, tokens, env, otherHome),
      proxyCommand:
        proxy === null ? null : expandTokens(proxy, proxyTokens, `ProxyCommand of "${config.host}"`),
      network: readNetwork(answer),
      offer,
    },
    jumps,
    notes: unhonoured(answer, config.host),
    notAsked: oneOf(answer, NOT_ASKED),
  };
}

function readHost(config: HopConfig, answer: SshConfigAnswer): string {
  const host = oneOf(answer, "hostname") ?? "";
  // SECURITY: a leading "-" would be an option to anything that takes a host as an argument.
  if (host === "" || /^-|\s/.test(host) || safe(host) !== host) {
    throw invalid(`HostName of ${quote(config.host)}: ${quote(host)} is not a host name`);
  }
  return host;
}

function readUser(config: HopConfig, answer: SshConfigAnswer): string {
  const user = config.user ?? answer.values.get("user")?.[0] ?? "";
  if (user === "" || /^-/.test(user) || safe(user) !== user) {
    throw invalid(`User of ${quote(config.host)}: ${quote(user)} is not a login name`, "set the user");
  }
  return user;
}

function readPort(config: HopConfig, answer: SshConfigAnswer): number {
  const text = oneOf(answer, "port") ?? "";
  const port = config.port ?? (/^\d{1,5}$/.test(text) ? Number(text) : 0);
  if (port >= 1 && port <= 65_535) return port;
  throw invalid(`Port of ${quote(config.host)}: ${quote(text)} is not a port`);
}

/** What ssh would do and we cannot: said, never passed over. */
function refuseUnsupported(config: HopConfig, answer: SshConfigAnswer, host: string): void {
  // SECURITY: a name service may have given this name (CanonicalizeHostname), and a shell is to read it.
  const problem = oneOf(answer, "proxycommand") === null ? null : sshNameProblem(host);
  if (problem !== null) {
    throw invalid(
      `HostName of ${quote(config.host)}: ${quote(host)} ${problem}, since its ProxyCommand is a line of a shell`,
    );
  }
  if (
    oneOf(answer, "proxycommand") === "-" ||
    (isOn(answer, "proxyusefdpass") && oneOf(answer, "proxycommand") !== null)
  ) {
    throw invalid(
      `the ProxyCommand of ${quote(config.host)} in ssh_config hands over a descriptor (ProxyUseFdpass, or "-"), which node-router cannot take`,
      "use a command that passes the bytes on",
    );
  }
  const revoked = oneOf(answer, "revokedhostkeys");
  if (revoked !== null && config.hostKey === null) {
    throw invalid(
      `RevokedHostKeys ${quote(revoked)} is set for ${quote(config.host)} in ssh_config, and node-router does not read that format`,
      "write @revoked lines into known_hosts and set RevokedHostKeys none for it",
    );
  }
}

/** Tokens that ssh alone knows; none where it was not asked, or is another program. */
function sshTokens(answer: SshConfigAnswer): Tokens {
  const [, C, i, L, l] =
    /^([0-9a-f]{40,64})\/(\d+)\/([^/]*)\/([^/]*)$/.exec(oneOf(answer, "controlpath") ?? "") ?? [];
  return C === undefined || i === undefined || L === undefined || l === undefined ? {} : { C, i, L, l };
}
