// `trust <node>`: what a machine offers, what is known of it, and one key recorded when a person says so.
import type { ConfiguredNode } from "../../../../config/resolveNodes.ts";
import { refusal, refusalLine } from "../../../../shared/refusal.ts";
import { safe } from "../../../../shared/safeText.ts";
import { withoutEnd } from "../../../../shared/withoutEnd.ts";
import type { ConnectEnv } from "./base/env.ts";
import { type HopRefusal, hopRefusalOf } from "./base/hopRefusal.ts";
import { reachJumps } from "./connect.ts";
import { type Hop, hopAddress, resolveTarget, type SshTarget } from "./hops.ts";
import { type ConnectOptions, withDefaults } from "./options.ts";
import { scanHostKeys } from "./scanHostKeys.ts";
import { bitsOf, fingerprintOf, type PublicKey } from "./trust/fingerprint.ts";
import { type HostKeyVerdict, type HostTrust, judgeHostKey, loadHostTrust } from "./trust/hostTrust.ts";
import { keyFileOf } from "./trust/knownHostsFile.ts";
import { recordHostKey } from "./trust/recordHostKey.ts";

export interface OfferedKey {
  readonly type: string;
  /** Of an RSA key; null for other types. */
  readonly bits: number | null;
  /** `SHA256:…` */
  readonly fingerprint: string;
  readonly state: HostKeyVerdict["kind"];
  /** Who vouches for it, or revokes it; null when nobody does. */
  readonly source: string | null;
}

export interface TrustReport {
  readonly node: string;
  /** The jump host whose keys these are; null: they are the node's own. */
  readonly jumpHost: string | null;
  /** `user@host:port`. */
  readonly address: string;
  /** What known_hosts calls it. */
  readonly name: string;
  readonly keys: readonly OfferedKey[];
  /** What Tailscale says; null when it was not asked. */
  readonly tailscale: string | null;
  /** Where a key is recorded; null: nowhere. */
  readonly file: string | null;
  /** Fingerprint of the key that was recorded now; null = none was. */
  readonly recorded: string | null;
  /** Why nothing was recorded although it was asked for, or why nothing may be; else null. */
  readonly problem: string | null;
}

export type TrustResult = { readonly ok: true; readonly report: TrustReport } | HopRefusal;

/**
 * Looks at the first machine on the way to the node whose key is not believed yet, or at the node itself: a jump
 * host must be trusted before anything behind it can be seen.
 * @param fingerprint the key to record; null = only look.
 */
export async function trustNode(
  node: ConfiguredNode,
  fingerprint: string | null,
  env: ConnectEnv,
  options: ConnectOptions = {},
): Promise<TrustResult> {
  const resolved = await resolveTarget(node, env, options.signal);
  if (!resolved.ok) return resolved;
  for (const index of resolved.target.jumps.keys()) {
    const looked = await look(partOf(resolved.target, index), env, options);
    if (!looked.ok || !looked.keys.some(({ verdict }) => verdict.kind === "trusted")) {
      return conclude(looked, fingerprint, env);
    }
  }
  return conclude(await look(resolved.target, env, options), fingerprint, env);
}

interface Look {
  readonly ok: true;
  readonly target: SshTarget;
  readonly isJump: boolean;
  readonly trust: HostTrust;
  readonly keys: readonly { readonly key: PublicKey; readonly verdict: HostKeyVerdict }[];
}

/** The way to one of its jump hosts, as if that were the end. */
function partOf(target: SshTarget, index: number): SshTarget & { readonly isJump: true } {
  const last: Hop = target.jumps[index] ?? target.last;
  return { ...target, jumps: target.jumps.slice(0, index), last, isJump: true };
}

async function look(
  target: SshTarget & { readonly isJump?: true },
  env: ConnectEnv,
  options: ConnectOptions,
): Promise<Look | HopRefusal> {
  const jumps = await reachJumps(target, env, options, []);
  if (!jumps.ok) return jumps;
  const isJump = target.isJump === true;
  try {
    const place = {
      node: target.node,
      address: hopAddress(target.last),
      jump: isJump ? target.last.name : null,
      at: target.last.at,
    };
    const request = {
      hop: target.last,
      place,
      via: jumps.via,
      env,
      limits: withDefaults(options),
      steps: [],
    };
    const [scanned, trust] = await Promise.all([scanHostKeys(request), loadHostTrust(target.last, env)]);
    if (!scanned.ok) return scanned;
    const keys = scanned.keys.map((key) => ({ key, verdict: judgeHostKey(trust, key) }));
    return { ok: true, target, isJump, trust, keys };
  } catch (error) {
    return hopRefusalOf(error);
  } finally {
    jumps.close();
  }
}

async function conclude(
  looked: Look | HopRefusal,
  fingerprint: string | null,
  env: ConnectEnv,
): Promise<TrustResult> {
  if (!looked.ok) return looked;
  const { target, isJump, trust, keys } = looked;
  const hop = target.last;
  const keyFile = hop.hostKey.pin === null ? await keyFileOf(hop) : null;
  const report: TrustReport = {
    node: target.node,
    jumpHost: isJump ? hop.name : null,
    address: hopAddress(hop),
    name: hop.hostKey.name,
    keys: keys.map(({ key, verdict }) => describe(key, verdict, trust.pin?.at ?? null)),
    tailscale: trust.tailscale,
    file: keyFile?.ok ? keyFile.file : null,
    recorded: null,
    problem: null,
  };
  if (fingerprint === null) return { ok: true, report };
  const wanted = keys.find(({ key }) => fingerprintOf(key.blob) === withoutEnd(fingerprint.trim(), "="));
  if (wanted === undefined) {
    const offered = report.keys.map((key) => key.fingerprint).join(", ");
    const why = refusal(
      "HOST_KEY_UNKNOWN",
      `${report.name} does not offer ${safe(fingerprint)}, but ${offered}`,
      {
        nothingRan:
          "nothing was recorded: compare them on the machine (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub)",
      },
    );
    return { ok: true, report: { ...report, problem: refusalLine(why) } };
  }
  const recorded = await recordHostKey(hop, wanted.key, env);
  if (!recorded.ok) return { ok: true, report: { ...report, problem: refusalLine(recorded) } };
  const now = report.keys.map((key) =>
    key.fingerprint === fingerprintOf(wanted.key.blob)
      ? { ...key, state: "trusted" as const, source: recorded.source }
      : key,
  );
  return {
    ok: true,
    report: { ...report, keys: now, recorded: recorded.isNew ? fingerprintOf(wanted.key.blob) : null },
  };
}

function describe(key: PublicKey, verdict: HostKeyVerdict, pinnedAt: string | null): OfferedKey {
  const source =
    verdict.kind === "changed"
      ? verdict.expected.map((other) => other.source).join(", ") || pinnedAt
      : verdict.kind === "unknown"
        ? null
        : verdict.source;
  return {
    type: key.type,
    bits: bitsOf(key),
    fingerprint: fingerprintOf(key.blob),
    state: verdict.kind,
    source,
  };
}
