// From a configured node to the machines to go through: every setting settled before anything is dialled.
import { formatPath } from "../../../../config/path.ts";
import type { ConfiguredNode } from "../../../../config/resolve.ts";
import type { SecretInput } from "../../../../config/sshSchema.ts";
import { NodeRouterError } from "../../../../errors.ts";
import { quote } from "../../../../safeText.ts";
import type { ConnectEnv } from "./env.ts";
import { type Refusal, refusalOf } from "./refusal.ts";
import { type Hop, type ResolvedHop, resolveHop } from "./settings/hop.ts";
import { type HopConfig, jumpConfig } from "./settings/hopConfig.ts";
import { invalid } from "./settings/invalid.ts";

export type { Hop } from "./settings/hop.ts";

/** More machines than this in a row are a loop or a mistake. */
const MAX_HOPS = 8;

/** A node as SSH reaches it. Holds secrets: never log or send it whole. */
export interface Target {
  /** Inventory name. */
  readonly node: string;
  /** Machines to go through first, in order. */
  readonly jumps: readonly Hop[];
  /** The node itself. */
  readonly last: Hop;
  /** What of ssh_config was passed over, and why. */
  readonly notes: readonly string[];
}

export type ResolvedTarget = { readonly ok: true; readonly target: Target } | Refusal;

/**
 * Settles how SSH reaches the node. Reads ssh_config; runs nothing, dials nothing. Refusals:
 * SSH_SETTINGS_INVALID, SECRET_UNAVAILABLE.
 */
export async function resolveTarget(node: ConfiguredNode, env: ConnectEnv): Promise<ResolvedTarget> {
  try {
    const resolved = await resolveHop(nodeConfig(node, env), env);
    const jumps = await resolveJumps(resolved, env, [resolved.hop]);
    const notes = [...new Set([...jumps.flatMap((jump) => jump.notes), ...resolved.notes])];
    return {
      ok: true,
      target: { node: node.name, jumps: jumps.map(({ hop }) => hop), last: resolved.hop, notes },
    };
  } catch (error) {
    return refusalOf(error);
  }
}

/** `user@host:port`, as a person writes it. */
export function addressOf({ user, host, port }: Pick<Hop, "user" | "host" | "port">): string {
  const place = host.includes(":") ? `[${host}]` : host;
  return `${user}@${place}${port === 22 ? "" : `:${port}`}`;
}

/**
 * The first jump brings its own ProxyJump; the ones after it are reached through the one before, whatever their
 * own says. That is what `ssh -J` does.
 */
async function resolveJumps(
  { jumps, jumpsAt }: ResolvedHop,
  env: ConnectEnv,
  path: readonly Hop[],
): Promise<readonly ResolvedHop[]> {
  const hops: ResolvedHop[] = [];
  for (const [index, jump] of jumps.entries()) {
    const resolved = await resolveHop(jumpConfig(jump, jumpsAt), env);
    const isLoop = path.some(({ host, port, user }) => isSame(resolved.hop, host, port, user));
    if (isLoop || path.length + hops.length >= MAX_HOPS) {
      const way = [...path.map(({ name }) => name), jump.host].map(quote).join(", ");
      throw invalid(`${jumpsAt}: ProxyJump leads in a circle or over too many hosts (${way}); mend the file`);
    }
    if (index === 0) hops.push(...(await resolveJumps(resolved, env, [...path, resolved.hop])));
    hops.push(resolved);
  }
  return hops;
}

function isSame(hop: Hop, host: string, port: number, user: string): boolean {
  return hop.host.toLowerCase() === host.toLowerCase() && hop.port === port && hop.user === user;
}

function nodeConfig({ name, ssh, tailscale }: ConfiguredNode, env: ConnectEnv): HopConfig {
  const at = formatPath(["nodes", name, "ssh"]);
  if (ssh === null) {
    throw invalid(`node ${quote(name)} has no SSH settings; add ${at}: {} for the defaults`);
  }
  return {
    ...ssh,
    identityData: readSecret(ssh.identityData, `${at}.identityData`),
    passphrase: readSecret(ssh.passphrase, `${at}.passphrase`),
    tailscale,
    defaultPort: readDefaultPort(env),
    at,
  };
}

function readSecret(secret: SecretInput | null, key: string): string | null {
  if (secret === null || typeof secret === "string") return secret;
  throw new NodeRouterError(
    "SECRET_UNAVAILABLE",
    `${key} is a reference that OpenClaw has not resolved (source ${quote(secret.source)}, provider ${quote(secret.provider)}); make the secret available to the gateway and reload it`,
  );
}

function readDefaultPort(env: ConnectEnv): number {
  const text = env.variables.OPENCLAW_SSH_PORT;
  if (text === undefined || text.trim() === "") return 22;
  const port = /^\d+$/.test(text.trim()) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw invalid(
    `the gateway's variable OPENCLAW_SSH_PORT is ${quote(text)}, which is no port; mend or unset it`,
  );
}
