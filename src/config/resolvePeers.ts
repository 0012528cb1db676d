// Other gateways and the rules of delegation, as the rest of the plugin reads them: nothing optional, everything parsed.
import type { Residency } from "../nodeRouter/placement/model/residence.ts";
import type { Near, Preference } from "../nodeRouter/placement/model/rule.ts";
import type { Selector } from "../nodeRouter/placement/selector/selector.ts";
import type { NodeLocation, NodeTags } from "../shared/types.ts";
import type { WrittenDelegationRule, WrittenPeer } from "./checks/written.ts";
import { type IsWrong, locationAt, nearOf, residencyOf } from "./resolveParts.ts";
import * as defaults from "./schema/defaults.ts";
import type { NodeRouterConfig } from "./schema/schema.ts";
import type { SecretInput } from "./schema/ssh.ts";

/** What a peer may do here. */
export interface PeerAccept {
  /** Secret. Not text = the host could not resolve the reference: then nothing is accepted. */
  readonly token: SecretInput;
  /** Exact ids, as OpenClaw writes them. */
  readonly agents: readonly string[];
  readonly maxRunning: number;
  readonly maxQueued: number;
  readonly perMinute: number;
  readonly maxMinutes: number;
  readonly mayDelegate: boolean;
  /** Null: from any address. */
  readonly tailscale: string | null;
  readonly onInterrupted: "fail" | "continue";
}

/** One entry of `peers`. */
export interface ConfiguredPeer {
  readonly name: string;
  /** How it is reached; null: it only calls us. */
  readonly way:
    | { readonly kind: "ssh"; readonly node: string; readonly port: number }
    | { readonly kind: "url"; readonly url: string }
    | null;
  /** Secret. Not text = the host could not resolve the reference. Null: nothing is given to it. */
  readonly token: SecretInput | null;
  readonly tags: NodeTags;
  readonly location: NodeLocation | null;
  /** Null: those that it offers. */
  readonly agents: readonly string[] | null;
  readonly protocol: "node-router" | "a2a";
  /** Null: it may do nothing here. */
  readonly accept: PeerAccept | null;
}

/** One entry of `delegation.rules`. */
export interface DelegationRule {
  readonly index: number;
  readonly name: string;
  /** Exact ids or globs. */
  readonly agents: readonly string[];
  readonly require: Selector | null;
  readonly prefer: readonly Preference[];
  readonly near: Near | null;
  readonly residency: Residency | null;
  /** Null: the asking agent names it. */
  readonly agent: string | null;
  readonly onUnavailable: "refuse" | "queue";
  /** It cannot be meant as it is written: whom it speaks for gets nothing, and no later rule either. */
  readonly isBroken: boolean;
}

export interface DelegationSettings {
  /** In config order. */
  readonly rules: readonly DelegationRule[];
  readonly maxHops: number;
  readonly waitMs: number;
  readonly acceptWithinMs: number;
  readonly keepMs: number;
  readonly maxTaskBytes: number;
  readonly maxResultBytes: number;
}

const DAY_MS = 86_400_000;

/** Without its rules. */
export function delegationSettings(
  written: NodeRouterConfig["delegation"],
): Omit<DelegationSettings, "rules"> {
  return {
    maxHops: written?.maxHops ?? defaults.DEFAULT_HOPS,
    waitMs: (written?.waitSeconds ?? defaults.DEFAULT_WAIT_SECONDS) * 1_000,
    acceptWithinMs: (written?.acceptWithinSeconds ?? defaults.DEFAULT_ACCEPT_SECONDS) * 1_000,
    keepMs: (written?.keepDays ?? defaults.DEFAULT_KEEP_DAYS) * DAY_MS,
    maxTaskBytes: (written?.maxTaskKiB ?? defaults.DEFAULT_TASK_KIB) * 1_024,
    maxResultBytes: (written?.maxResultKiB ?? defaults.DEFAULT_TASK_KIB) * 1_024,
  };
}

/** Those without an error. */
export function resolvePeers(
  written: readonly WrittenPeer[],
  isWrong: IsWrong,
): ReadonlyMap<string, ConfiguredPeer> {
  const sound = written.filter(({ path }) => !isWrong(path));
  return new Map(sound.map((peer) => [peer.name, resolvePeer(peer, isWrong)]));
}

function resolvePeer({ name, path, entry, tags }: WrittenPeer, isWrong: IsWrong): ConfiguredPeer {
  const { ssh, url, port = defaults.DEFAULT_TUNNEL_PORT } = entry;
  return {
    name,
    way:
      ssh !== undefined ? { kind: "ssh", node: ssh, port } : url !== undefined ? { kind: "url", url } : null,
    token: entry.token ?? null,
    tags,
    location: locationAt(path, entry.location, isWrong),
    agents: entry.agents ?? null,
    protocol: entry.protocol ?? defaults.DEFAULT_PROTOCOL,
    accept: acceptOf(entry.accept),
  };
}

function acceptOf(written: WrittenPeer["entry"]["accept"]): PeerAccept | null {
  if (written === undefined) return null;
  return {
    token: written.token,
    agents: written.agents,
    maxRunning: written.maxRunning ?? defaults.DEFAULT_PEER_RUNNING,
    maxQueued: written.maxQueued ?? defaults.DEFAULT_PEER_QUEUED,
    perMinute: written.perMinute ?? defaults.DEFAULT_PER_MINUTE,
    maxMinutes: written.maxMinutes ?? defaults.DEFAULT_TASK_MINUTES,
    mayDelegate: written.mayDelegate ?? defaults.DEFAULT_MAY_DELEGATE,
    tailscale: written.tailscale ?? null,
    onInterrupted: written.onInterrupted ?? defaults.DEFAULT_ON_INTERRUPTED,
  };
}

/** All of them: whoever a broken one speaks for must not come under a later one. */
export function resolveDelegationRules(
  written: readonly WrittenDelegationRule[],
  isWrong: IsWrong,
): readonly DelegationRule[] {
  return written.map(({ index, path, entry, require, prefer }) => ({
    index,
    name: entry.name,
    agents: entry.agents,
    require: require?.parsed.ok === true ? require.parsed.selector : null,
    prefer: prefer.flatMap(({ parsed, weight }) =>
      parsed.ok ? [{ selector: parsed.selector, weight }] : [],
    ),
    near: nearOf(entry.near),
    residency: residencyOf(entry.residency),
    agent: entry.agent ?? null,
    onUnavailable: entry.onUnavailable ?? defaults.DEFAULT_ON_NO_PEER,
    isBroken: isWrong(path),
  }));
}
