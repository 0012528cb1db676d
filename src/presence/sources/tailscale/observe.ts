// Turns a peer into what is observed of a node. Pure.
import { knownFacts } from "../../facts.ts";
import type { FactValues, Observation } from "../../record.ts";
import type { TailnetPeer } from "./peer.ts";
import type { TailnetStatus } from "./status.ts";

/** Login of the "user" that owns every tagged machine. */
const TAGGED_DEVICES = "tagged-devices";

/**
 * @param node inventory name.
 * @param status that the peer is from, or this machine itself.
 * @param nowMs epoch ms.
 */
export function observePeer(
  node: string,
  peer: TailnetPeer,
  status: TailnetStatus,
  nowMs: number,
): Observation {
  return {
    node,
    source: "tailscale",
    ...(peer.id === null ? {} : { of: peer.id }),
    atMs: nowMs,
    facts: factsOf(peer, status, nowMs),
    places: peer.place === null ? [] : [peer.place],
  };
}

function factsOf(peer: TailnetPeer, status: TailnetStatus, nowMs: number): Partial<FactValues> {
  const { names, keyExpiresMs } = peer;
  const isSelf = peer === status.self;
  const online = onlineOf(peer, status);
  const user = peer.userId === null ? undefined : status.users.get(peer.userId);
  return knownFacts({
    ips: names.addresses.length > 0 ? names.addresses : null,
    dnsName: names.dnsName || null,
    hostname: peer.hostName,
    os: peer.os,
    tailnetOnline: online,
    // There is no path to oneself.
    tailnetPath: isSelf ? null : peer.path,
    tailnetRelay: peer.relay,
    tailnetTags: peer.tags,
    tailnetUser: user === undefined || user === TAGGED_DEVICES ? null : user,
    // Not kept up while a peer is online.
    tailnetLastSeenMs: online === false ? peer.lastSeenMs : null,
    tailnetKeyExpiresMs: keyExpiresMs,
    tailnetKeyExpired: peer.expired || (keyExpiresMs === null ? null : keyExpiresMs <= nowMs),
    tailnetSsh: peer.sshHostKeys.length > 0 ? true : null,
    publicAddress: peer.publicAddress,
  });
}

/** While this machine is cut off from the control plane, what that said of peers is old. */
function onlineOf(peer: TailnetPeer, { self }: TailnetStatus): boolean | null {
  return peer !== self && self?.online === false ? null : peer.online;
}
