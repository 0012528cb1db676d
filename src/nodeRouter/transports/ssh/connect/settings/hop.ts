// The effective settings of one machine on the way: the config over ssh_config over defaults.
import { isIP } from "node:net";
import { quote, safe } from "../../../../../safeText.ts";
import type { ConnectEnv } from "../env.ts";
import type { Statement } from "./configText.ts";
import { expandPath, expandTokens, type Tokens } from "./expand.ts";
import { type HostOptions, readHostOptions } from "./hostOptions.ts";
import { invalid } from "./invalid.ts";
import { type JumpSpec, parseProxyJump } from "./proxyJump.ts";

const DEFAULT_PORT = 22;
/** Those of OpenSSH that ssh2 can use, strongest first. */
const DEFAULT_IDENTITIES: readonly string[] = ["id_ed25519", "id_ecdsa", "id_rsa"];

/** Who we are to this machine. Holds secrets: never log or send it. */
export interface IdentitySettings {
  /** Absolute paths in the order to try. */
  readonly files: readonly string[];
  /** Whether somebody named these files: one that is missing is then worth a word. */
  readonly areNamed: boolean;
  /** Only keys of the agent that belong to one of the files. */
  readonly only: boolean;
  /** Path of the agent's socket; null = no agent. */
  readonly agent: string | null;
  /** Secret: an inline private key. */
  readonly data: string | null;
  /** Secret. */
  readonly passphrase: string | null;
}

/** Whom we believe to be this machine. */
export interface HostKeySettings {
  /** What known_hosts calls it: `host`, `[host]:port`, or HostKeyAlias. */
  readonly name: string;
  /** The plain host where `name` has a port, which OpenSSH then accepts too; else null. */
  readonly plainName: string | null;
  /** Absolute paths; new keys go into the first. Empty when ssh_config says none. */
  readonly files: readonly string[];
  readonly systemFiles: readonly string[];
  /** `SHA256:…`: then no other key is believed. */
  readonly pin: string | null;
  /** Tailnet peer to ask Tailscale about; null = do not ask. */
  readonly tailscale: string | null;
}

export interface Hop {
  /** As written. */
  readonly name: string;
  /** Host name or address to connect to. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly identity: IdentitySettings;
  readonly hostKey: HostKeySettings;
}

/** What the config says of a hop; null = ssh_config decides. Of a jump host it says nothing. */
export interface HopConfig extends JumpSpec {
  readonly identityFile: string | null;
  readonly identityData: string | null;
  readonly passphrase: string | null;
  readonly knownHostsFile: string | null;
  readonly hostKey: string | null;
  readonly tailscale: string | null;
  readonly defaultPort: number;
  /** Where this is written, for messages. */
  readonly at: string;
}

/** A machine that only ssh_config or a ProxyJump knows. */
export function jumpConfig(jump: JumpSpec, at: string): HopConfig {
  return {
    ...jump,
    identityFile: null,
    identityData: null,
    passphrase: null,
    knownHostsFile: null,
    hostKey: null,
    tailscale: null,
    defaultPort: DEFAULT_PORT,
    at,
  };
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
  const lowerHost = host.toLowerCase();
  return {
    hop: {
      name: config.host,
      host,
      port,
      user,
      identity: readIdentity(config, options, tokens, env),
      hostKey: {
        name: alias ?? (port === DEFAULT_PORT ? lowerHost : `[${lowerHost}]:${port}`),
        plainName: alias === null && port !== DEFAULT_PORT ? lowerHost : null,
        files: readFiles(config, one("userknownhostsfile"), tokens, env),
        systemFiles: systemFiles(one("globalknownhostsfile"), tokens, env),
        pin: config.hostKey,
        tailscale: config.tailscale,
      },
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

function readIdentity(
  config: HopConfig,
  { first, identityFiles }: HostOptions,
  tokens: Tokens,
  env: ConnectEnv,
): IdentitySettings {
  const named =
    config.identityFile !== null
      ? [{ args: [config.identityFile], at: `${config.at}.identityFile` }]
      : config.identityData === null
        ? identityFiles
        : [];
  const isOpen = config.identityFile === null && config.identityData === null && identityFiles.length === 0;
  const files = named
    .filter(({ args }) => args[0]?.toLowerCase() !== "none")
    .map(({ args, at }) => expandPath(args[0] ?? "", env, tokens, at));
  return {
    files: isOpen ? DEFAULT_IDENTITIES.map((name) => `${env.home}/.ssh/${name}`) : files,
    areNamed: !isOpen,
    only: /^(yes|true)$/i.test(first.get("identitiesonly")?.args[0] ?? ""),
    agent: readAgent(first.get("identityagent"), tokens, env),
    data: config.identityData,
    passphrase: config.passphrase,
  };
}

function readAgent(statement: Statement | undefined, tokens: Tokens, env: ConnectEnv): string | null {
  const value = statement?.args[0] ?? "SSH_AUTH_SOCK";
  if (value.toLowerCase() === "none") return null;
  const variable = value === "SSH_AUTH_SOCK" ? value : /^\$(\w+)$/.exec(value)?.[1];
  if (variable !== undefined) return env.variables[variable] || null;
  return expandPath(value, env, tokens, statement?.at ?? "");
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

function isNone({ args }: Statement): boolean {
  return args.length === 1 && args[0]?.toLowerCase() === "none";
}
