// The effective settings of one machine on the way: the config over ssh_config over defaults.
import { isIP } from "node:net";
import { quote, safe } from "../../../../../safeText.ts";
import type { ConnectEnv } from "../env.ts";
import { isNone, type Statement } from "./configText.ts";
import { expandTokens, type Tokens } from "./expand.ts";
import type { HopConfig } from "./hopConfig.ts";
import { type HostKeySettings, readHostKeySettings } from "./hostKeySettings.ts";
import { type HostOptions, readHostOptions } from "./hostOptions.ts";
import { type IdentitySettings, readIdentity } from "./identitySettings.ts";
import { invalid } from "./invalid.ts";
import { type JumpSpec, parseProxyJump } from "./proxyJump.ts";

export interface Hop {
  /** Where its settings are: the node's `…ssh` in the config in full, or the line of a ProxyJump. */
  readonly at: string;
  /** As written. */
  readonly name: string;
  /** Host name or address to connect to. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly identity: IdentitySettings;
  readonly hostKey: HostKeySettings;
}

export interface ResolvedHop {
  readonly hop: Hop;
  /** Hosts to go through first, in order. */
  readonly jumps: readonly JumpSpec[];
  /** Where `jumps` is written. */
  readonly jumpsAt: string;
  readonly notes: readonly string[];
}

/** @throws NodeRouterError SSH_SETTINGS_INVALID */
export async function resolveHop(config: HopConfig, env: ConnectEnv): Promise<ResolvedHop> {
  const believesConfig = config.hostKey !== null || config.knownHostsFile !== null;
  const options = await readHostOptions(
    {
      host: config.host,
      user: config.user,
      settled: [
        ...(config.user === null ? [] : ["user"]),
        ...(config.port === null ? [] : ["port"]),
        ...(believesConfig ? ["userknownhostsfile"] : []),
        ...(config.hostKey === null ? [] : ["globalknownhostsfile", "revokedhostkeys"]),
      ],
    },
    env,
  );
  const one = (keyword: string) => options.first.get(keyword);
  const host = readHost(config, one("hostname"));
  refuseUnsupported(config, options, host);
  const port = config.port ?? readPort(one("port")) ?? config.defaultPort;
  const user = config.user ?? one("user")?.args[0] ?? env.user;
  if (user === "" || /^-|\s/.test(user) || safe(user) !== user) {
    throw invalid(`${one("user")?.at ?? config.at}: ${quote(user)} is not a login name; set the user`);
  }
  const alias = one("hostkeyalias")?.args[0]?.toLowerCase() ?? null;
  const tokens: Tokens = {
    h: host,
    n: config.host,
    p: String(port),
    r: user,
    u: env.user,
    d: env.home,
    k: alias ?? config.host,
  };
  const proxy = one("proxy");
  const jumps = readJumps(proxy, tokens, { host, port, name: config.host });
  return {
    hop: {
      at: config.at,
      name: config.host,
      host,
      port,
      user,
      identity: readIdentity(config, options, tokens, env),
      hostKey: readHostKeySettings(config, options, { host, port, alias }, tokens, env),
    },
    jumps,
    jumpsAt: proxy?.at ?? config.at,
    notes: options.notes,
  };
}

function readHost(config: HopConfig, statement: Statement | undefined): string {
  const host =
    statement === undefined
      ? config.host
      : expandTokens(statement.args[0] ?? "", { h: config.host }, statement.at);
  // SECURITY: a leading "-" would be an option to anything that takes a host as an argument.
  if (host === "" || /^-|\s/.test(host) || safe(host) !== host) {
    throw invalid(`${statement?.at ?? config.at}: ${quote(host)} is not a host name; mend it`);
  }
  return host;
}

/** What ssh would do and we cannot: said, never passed over. */
function refuseUnsupported(config: HopConfig, { first }: HostOptions, host: string): void {
  const proxy = first.get("proxy");
  if (proxy?.keyword === "proxycommand" && !isNone(proxy)) {
    throw invalid(
      `${proxy.at}: ProxyCommand is set for ${quote(config.host)}, and node-router runs no commands to connect; use ProxyJump, or give this host "ProxyCommand none"`,
    );
  }
  const canonicalize = first.get("canonicalizehostname");
  if (canonicalize !== undefined && !/^no$/i.test(canonicalize.args[0] ?? "") && isIP(host) === 0) {
    throw invalid(
      `${canonicalize.at}: CanonicalizeHostname is on for ${quote(config.host)}, and node-router looks no names up to rename a host; write the whole name as HostName and set CanonicalizeHostname no for it`,
    );
  }
  const revoked = first.get("revokedhostkeys");
  if (revoked !== undefined && !isNone(revoked)) {
    throw invalid(
      `${revoked.at}: RevokedHostKeys is set for ${quote(config.host)}, and node-router does not read that format; write @revoked lines into known_hosts and set RevokedHostKeys none for it`,
    );
  }
}

function readPort(statement: Statement | undefined): number | null {
  if (statement === undefined) return null;
  const port = /^\d+$/.test(statement.args[0] ?? "") ? Number(statement.args[0]) : 0;
  if (port < 1 || port > 65_535) {
    throw invalid(`${statement.at}: ${quote(statement.args[0] ?? "")} is not a port; mend the file`);
  }
  return port;
}

function readJumps(
  proxy: Statement | undefined,
  tokens: Tokens,
  self: { readonly host: string; readonly port: number; readonly name: string },
): readonly JumpSpec[] {
  if (proxy?.keyword !== "proxyjump") return [];
  const jumps = parseProxyJump(expandTokens(proxy.args.join(" "), tokens, proxy.at), proxy.at);
  // OpenSSH too: "Host * / ProxyJump bastion" is not meant for the bastion itself.
  const [only] = jumps;
  const isSelf =
    jumps.length === 1 &&
    only !== undefined &&
    [self.host, self.name].some((name) => name.toLowerCase() === only.host.toLowerCase()) &&
    (only.port ?? self.port) === self.port;
  return isSelf ? [] : jumps;
}
