// Which host keys are believed for one machine, and what an offered key is then. Pure but for `loadHostTrust`.
import { quote } from "../../../../../shared/safeText.ts";
import { withoutEnd } from "../../../../../shared/withoutEnd.ts";
import { type ConnectEnv, readTextFile } from "../base/env.ts";
import { fileFault } from "../base/fileFault.ts";
import type { Hop } from "../settings/hop.ts";
import { invalid } from "../settings/invalid.ts";
import { fingerprintOf, type PublicKey, parsePublicKey } from "./fingerprint.ts";
import { type KnownHost, namesHost, parseKnownHosts } from "./knownHosts.ts";

export interface TrustedKey extends PublicKey {
  /** Who says so: `file:line`, or Tailscale. */
  readonly source: string;
}

export interface HostTrust {
  /** The only key that is believed. */
  readonly pin: Hop["hostKey"]["pin"];
  /** Believed; of the host under its full name, from known_hosts or else from Tailscale. */
  readonly keys: readonly TrustedKey[];
  /** Believed too, but not a reason to call another key changed: the host's name without its port. */
  readonly plainKeys: readonly TrustedKey[];
  /** Never believed, whoever says otherwise. */
  readonly revoked: readonly TrustedKey[];
  /** Lines with @cert-authority for this host, `file:line`: OpenSSH would use them, we cannot. */
  readonly authorities: readonly string[];
  /** What Tailscale said; null when it was not asked. */
  readonly tailscale: string | null;
}

/** `changed`: keys of this type are known and this is another one. */
export type HostKeyVerdict =
  | { readonly kind: "trusted"; readonly source: string }
  | { readonly kind: "revoked"; readonly source: string }
  | { readonly kind: "changed"; readonly expected: readonly TrustedKey[] }
  | { readonly kind: "unknown" };

/**
 * Reads known_hosts, and asks Tailscale where that has no key of the host.
 * @throws NodeRouterError SSH_SETTINGS_INVALID when a file is there and cannot be read: it may revoke a key.
 */
export async function loadHostTrust({ host, hostKey }: Hop, env: ConnectEnv): Promise<HostTrust> {
  const lines = (
    await Promise.all([...hostKey.files, ...hostKey.systemFiles].map((file) => readFile(file, env)))
  ).flat();
  const known = lines.filter((line) => namesHost(line, hostKey.name));
  const { plainName } = hostKey;
  const plain = plainName === null ? [] : lines.filter((line) => namesHost(line, plainName));
  const own = known.filter(({ marker }) => marker === null);
  const plainKeys = plain.filter(({ marker }) => marker === null);
  const asksTailscale =
    hostKey.tailscale !== null && hostKey.pin === null && own.length === 0 && plainKeys.length === 0;
  const answer = asksTailscale ? await env.tailscaleKeys(hostKey.tailscale ?? "", host) : null;
  const offered = answer?.kind === "known" ? answer : null;
  return {
    pin: hostKey.pin,
    keys: [
      ...own,
      ...(offered?.keys ?? []).flatMap((text) => {
        const key = parsePublicKey(text);
        return key === null ? [] : [{ ...key, source: `Tailscale (peer ${quote(offered?.peer ?? "")})` }];
      }),
    ],
    plainKeys,
    revoked: [...known, ...plain].filter(({ marker }) => marker === "revoked"),
    authorities: known.filter(({ marker }) => marker === "cert-authority").map(({ source }) => source),
    tailscale:
      answer === null ? null : answer.kind === "known" ? `peer ${quote(answer.peer)}` : answer.reason,
  };
}

/** Nothing outranks a revocation, not even a pin. */
export function judgeHostKey(trust: HostTrust, offered: PublicKey): HostKeyVerdict {
  const same = ({ blob }: PublicKey) => blob.equals(offered.blob);
  const revoked = trust.revoked.find(same);
  if (revoked !== undefined) return { kind: "revoked", source: revoked.source };
  if (trust.pin !== null) {
    return fingerprintOf(offered.blob) === normalPin(trust.pin.fingerprint)
      ? { kind: "trusted", source: trust.pin.at }
      : { kind: "changed", expected: [] };
  }
  const trusted = [...trust.keys, ...trust.plainKeys].find(same);
  if (trusted !== undefined) return { kind: "trusted", source: trusted.source };
  const expected = trust.keys.filter(({ type }) => type === offered.type);
  return expected.length > 0 ? { kind: "changed", expected } : { kind: "unknown" };
}

/** Types of the keys that are believed, first known first: the server is asked for these before any other. */
export function knownTypes({ keys, plainKeys }: HostTrust): readonly string[] {
  const from = keys.length > 0 ? keys : plainKeys;
  return [...new Set(from.map(({ type }) => type))];
}

/** People also paste the padding. */
function normalPin(pin: string): string {
  return withoutEnd(pin, "=");
}

async function readFile(
  file: string,
  env: ConnectEnv,
): Promise<readonly (KnownHost & { readonly source: string })[]> {
  let text: string | null;
  try {
    text = await readTextFile(env, file);
  } catch (cause) {
    throw invalid(
      `${quote(file)} cannot be read, and may revoke a key: it ${fileFault(cause, "read")}`,
      "mend that, or name another file",
      cause,
    );
  }
  return text === null
    ? []
    : parseKnownHosts(text).map((line) => ({ ...line, source: `${file}:${line.line}` }));
}
