// Which peer a configured name means. Pure.
import { isIP } from "node:net";
import { quote } from "../../../shared/safeText.ts";
import { normalName, type PeerNames } from "./peer.ts";

export type PeerMatch<T> =
  | { readonly kind: "peer"; readonly peer: T }
  /** The reason is for people: `no peer is called "mac-sg"`. */
  | { readonly kind: "none" | "several"; readonly reason: string };

interface Named {
  readonly names: PeerNames;
}

/**
 * Looks peers up by a MagicDNS name (with or without the last dot), its first label, a hostname or an address.
 * SECURITY: a whole name or an address is the control plane's; a first label only counts in our own tailnet; a
 * HostName is what the machine calls itself, so it comes last. More than one answer is no answer.
 * @param suffix of our own tailnet; null when it has none.
 */
export function indexPeers<T extends Named>(
  peers: readonly T[],
  suffix: string | null,
): (wanted: string) => PeerMatch<T> {
  const byName = new Map<string, T[]>();
  const byLabel = new Map<string, T[]>();
  const byHostName = new Map<string, T[]>();
  for (const peer of peers) {
    const { dnsName, hostName, addresses } = peer.names;
    for (const name of new Set([dnsName, ...addresses])) add(byName, name, peer);
    if (!isOwnName(dnsName, suffix)) continue;
    add(byLabel, labelOf(dnsName), peer);
    add(byHostName, hostName, peer);
  }
  return (wanted) => {
    const name = normalName(wanted);
    for (const tier of [byName, byLabel, byHostName]) {
      const [only, second] = tier.get(name) ?? [];
      if (second !== undefined)
        return { kind: "several", reason: `several peers are called ${quote(wanted)}` };
      if (only !== undefined) return { kind: "peer", peer: only };
    }
    return { kind: "none", reason: `no peer is called ${quote(wanted)}` };
  };
}

/** Whether a connection to `host` reaches this peer. Not by HostName: nothing resolves it. */
export function leadsTo({ names }: Named, host: string, suffix: string | null): boolean {
  const name = normalName(host);
  if (names.dnsName === name || (isIP(name) !== 0 && names.addresses.includes(name))) return true;
  return labelOf(names.dnsName) === name && isOwnName(names.dnsName, suffix);
}

/**
 * Which peers can decide what these names mean; the others need not be read in full.
 * @param wanted as configured.
 */
export function peersCalled(wanted: Iterable<string>): (names: PeerNames) => boolean {
  const names = new Set([...wanted].map(normalName));
  return ({ dnsName, hostName, addresses }) =>
    names.has(dnsName) ||
    names.has(labelOf(dnsName)) ||
    names.has(hostName) ||
    addresses.some((address) => names.has(address));
}

/** Whether the name is of our tailnet, as far as its suffix is known. */
export function isOwnName(dnsName: string, suffix: string | null): boolean {
  return suffix === null || dnsName.endsWith(`.${suffix}`);
}

function add<T>(map: Map<string, T[]>, name: string, peer: T): void {
  if (name === "") return;
  const present = map.get(name);
  if (present === undefined) map.set(name, [peer]);
  else present.push(peer);
}

function labelOf(dnsName: string): string {
  return dnsName.split(".", 1)[0] ?? "";
}
