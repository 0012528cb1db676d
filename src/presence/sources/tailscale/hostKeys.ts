// The SSH host keys that Tailscale's control plane distributes with its list of peers.
import { messageOf } from "../../../shared/errors.ts";
import { quote } from "../../../shared/safeText.ts";
import { indexPeers, leadsTo, peersCalled } from "./match.ts";
import { createTailnetReader } from "./reader.ts";
import { readTailnetStatus, type TailnetStatus } from "./status.ts";

/**
 * `known`: lines `ssh-ed25519 AAAA…` of exactly this peer. `unknown`: nobody can say, which is never a no.
 */
export type TailscaleHostKeys =
  | { readonly kind: "known"; readonly peer: string; readonly keys: readonly string[] }
  | { readonly kind: "unknown"; readonly reason: string };

/**
 * Reads the status of the local Tailscale, with at least the peers that are called so.
 * @throws Error when it cannot be read.
 */
export type ReadTailnetStatus = (wanted: string) => Promise<TailnetStatus>;

/** tailscaled answers in milliseconds; a connection must not wait for one that does not. */
const READ_TIMEOUT_MS = 2_000;

/**
 * The host keys of the peer that is configured as `peer`, if `host` is one of its names or addresses.
 * Never rejects; ends within a few seconds.
 * @param peer MagicDNS name (with or without the last dot), its first label, hostname or IP address.
 * @param host what SSH connects to.
 */
export async function tailscaleHostKeys(
  peer: string,
  host: string,
  readStatus: ReadTailnetStatus = readLocalStatus,
): Promise<TailscaleHostKeys> {
  try {
    return hostKeysOf(await readStatus(peer), peer, host);
  } catch (error) {
    return unknown(`its status cannot be read (${messageOf(error)})`);
  }
}

/** The same from the parsed JSON of `ipnstate.Status`. Pure. */
export function selectHostKeys(status: unknown, peer: string, host: string): TailscaleHostKeys {
  const read = readTailnetStatus(status, peersCalled([peer]));
  return read === null
    ? unknown("its status is not in a form that can be read")
    : hostKeysOf(read, peer, host);
}

/** This machine is no peer: nobody needs a key to be sure of itself. */
function hostKeysOf(status: TailnetStatus, peer: string, host: string): TailscaleHostKeys {
  if (status.state !== "Running") return unknown("it is not running");
  const found = indexPeers(status.peers, status.suffix)(peer);
  if (found.kind !== "peer") return unknown(found.reason);
  const { names, sshHostKeys: keys } = found.peer;
  // The key is the peer's, so it says nothing about another machine that the settings lead to.
  if (!leadsTo(found.peer, host, status.suffix)) {
    return unknown(`${quote(host)} is not a name or address of peer ${quote(names.dnsName)}`);
  }
  if (keys.length === 0) return unknown(`peer ${quote(names.dnsName)} has no SSH host keys there`);
  return { kind: "known", peer: names.dnsName, keys };
}

async function readLocalStatus(wanted: string): Promise<TailnetStatus> {
  const read = await createTailnetReader().status(peersCalled([wanted]), READ_TIMEOUT_MS);
  if (read.kind !== "status") throw new Error(read.reason);
  return read.status;
}

function unknown(reason: string): TailscaleHostKeys {
  return { kind: "unknown", reason };
}
