// From a configured node to the machines to go through: every setting settled before anything is dialled.
import { formatPath } from "../../../../config/problems/path.ts";
import type { ConfiguredNode } from "../../../../config/resolveNodes.ts";
import type { SecretInput } from "../../../../config/schema/ssh.ts";
import { NodeRouterError } from "../../../../shared/errors.ts";
import { refusal } from "../../../../shared/refusal.ts";
import { quote } from "../../../../shared/safeText.ts";
import type { ConnectEnv } from "./base/env.ts";
import { type HopRefusal, hopRefusalOf } from "./base/hopRefusal.ts";
import { openSshAsker, type SshAsker } from "./settings/askOpenSsh.ts";
import { type Hop, type ResolvedHop, resolveHop } from "./settings/hop.ts";
import { type HopConfig, jumpConfig } from "./settings/hopConfig.ts";
import { invalid } from "./settings/invalid.ts";

export type { Hop } from "./settings/hop.ts";

/** More machines than this in a row are a loop or a mistake. */
const MAX_HOPS = 8;

/** A node as SSH reaches it. Holds secrets: never log or send it whole. */
export interface SshTarget {
  /** Inventory name. */
  readonly node: string;
  /** Machines to go through first, in order. */
  readonly jumps: readonly Hop[];
  /** The node itself. */
  readonly last: Hop;
  /** What of ssh_config does not count, each a sentence without its end. */
  readonly notes: readonly string[];
  /** Why ssh was not asked, so that ssh_config does not count at all; null = it was. */
  readonly notAsked: string | null;
}

export type ResolvedTarget = { readonly ok: true; readonly target: SshTarget } | HopRefusal;

/**
 * Settles how SSH reaches the node: asks the installed ssh, dials nothing. What `Match exec` of ssh_config says is
 * run, by ssh. Refusals: SSH_SETTINGS_INVALID, SECRET_UNAVAILABLE, NOT_STARTED (aborted).
 */
export async function resolveTarget(
  node: ConfiguredNode,
  env: ConnectEnv,
  signal?: AbortSignal,
): Promise<ResolvedTarget> {
  try {
    const config = nodeConfig(node, env);
    const asker = await openSshAsker(env, signal);
    try {
      const hops = await resolveChain(config, asker, env, []);
      const last = hops.at(-1);
      if (last === undefined) throw new Error("a chain ends with the host itself");
      const notes = [...new Set(hops.flatMap((hop) => hop.notes))];
      const jumps = hops.slice(0, -1).map(({ hop }) => hop);
      const { notAsked } = last;
      return { ok: true, target: { node: node.name, jumps, last: last.hop, notes, notAsked } };
    } finally {
      await asker.close();
    }
  } catch (error) {
    return hopRefusalOf(error);
  }
}

/** `user@host:port`, as a person writes it. */
export function hopAddress({ user, host, port }: Pick<Hop, "user" | "host" | "port">): string {
  const place = host.includes(":") ? `[${host}]` : host;
  return `${user}@${place}${port === 22 ? "" : `:${port}`}`;
}

/**
 * A host with those before it, as `ssh -J` runs one ssh for each: the last jump is asked with the others as its own,
 * so the first brings the ProxyJump or ProxyCommand of its own.
 * @param after those that are reached through it.
 */
async function resolveChain(
  config: HopConfig,
  asker: SshAsker,
  env: ConnectEnv,
  after: readonly Hop[],
): Promise<readonly ResolvedHop[]> {
  const resolved = await resolveHop(config, asker, env);
  const { hop, jumps } = resolved;
  if (jumps === null) return [resolved];
  const isLoop = after.some(({ host, port, user }) => isSame(hop, host, port, user));
  if (isLoop || after.length + 1 >= MAX_HOPS) {
    const way = [...after, hop].map(({ name }) => quote(name)).join(", ");
    throw invalid(`ProxyJump leads in a circle or over too many hosts (${way})`, "mend ssh_config");
  }
  const at = `ProxyJump of ${quote(hop.name)}`;
  const before = await resolveChain(jumpConfig(jumps.last, jumps.before, at), asker, env, [...after, hop]);
  return [...before, resolved];
}

function isSame(hop: Hop, host: string, port: number, user: string): boolean {
  return hop.host.toLowerCase() === host.toLowerCase() && hop.port === port && hop.user === user;
}

function nodeConfig({ name, ssh, tailscale }: ConfiguredNode, env: ConnectEnv): HopConfig {
  const at = formatPath(["nodes", name, "ssh"]);
  if (ssh === null) {
    throw invalid(`node ${quote(name)} has no SSH settings`, `add ${at}: {} for the defaults`);
  }
  return {
    ...ssh,
    jumps: null,
    identityData: readSecret(ssh.identityData, `${at}.identityData`),
    passphrase: readSecret(ssh.passphrase, `${at}.passphrase`),
    tailscale,
    defaultPort: readDefaultPort(env),
    at,
  };
}

function readSecret(secret: SecretInput | null, key: string): string | null {
  if (secret === null || typeof secret === "string") return secret;
  const fact = `${key} is a reference that OpenClaw has not resolved (source ${quote(secret.source)}, provider ${quote(secret.provider)})`;
  throw new NodeRouterError(refusal("SECRET_UNAVAILABLE", fact));
}

function readDefaultPort(env: ConnectEnv): number {
  const text = env.variables.OPENCLAW_SSH_PORT;
  if (text === undefined || text.trim() === "") return 22;
  const port = /^\d+$/.test(text.trim()) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw invalid(
    `the gateway's variable OPENCLAW_SSH_PORT is ${quote(text)}, which is no port`,
    "mend or unset it",
  );
}
