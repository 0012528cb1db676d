// One peer of the tailnet: `ipnstate.PeerStatus` of Tailscale's ipn/ipnstate/ipnstate.go, checked. Pure.

import { isIP } from "node:net";
import { validCountry } from "../../../shared/countries.ts";
import { isRecord } from "../../../shared/isRecord.ts";
import { knownFields } from "../../../shared/knownFields.ts";
import { tailscalePoint } from "../../location/derpRegions.ts";
import { publicAddress } from "../../location/publicAddress.ts";
import type { Place, TailnetPath } from "../../record.ts";
import { idOf, textOf, textsOf, timeOf } from "./json.ts";

/** What a peer can be called, as it is compared: lower case, without the last dot. Empty where it has none. */
export interface PeerNames {
  /** The control plane's name for it, unique in the tailnet. */
  readonly dnsName: string;
  /** What the machine calls itself: not unique, and anybody's choice. */
  readonly hostName: string;
  readonly addresses: readonly string[];
}

/** Null is never a no: the field was absent, or says nothing in this state. */
export interface TailnetPeer {
  readonly names: PeerNames;
  /** Stable id. */
  readonly id: string | null;
  /** The id that changes on the bus go by; Tailscale says it since May 2026. */
  readonly nodeId: string | null;
  readonly hostName: string | null;
  readonly os: string | null;
  /** As the policy writes them: `tag:x`. */
  readonly tags: readonly string[];
  readonly userId: string | null;
  /** Whether the control plane hears from it, as it says. */
  readonly online: boolean | null;
  readonly path: TailnetPath | null;
  /** Code of its home relay region; also on a direct path. */
  readonly relay: string | null;
  readonly publicAddress: string | null;
  readonly lastSeenMs: number | null;
  readonly keyExpiresMs: number | null;
  readonly expired: boolean;
  readonly sshHostKeys: readonly string[];
  readonly place: Place | null;
  /** It belongs to somebody with whom a machine of ours is shared. */
  readonly sharee: boolean;
}

/** The form in which names are compared. */
export function normalName(name: string): string {
  return name.trim().toLowerCase().replace(/\.$/, "");
}

/**
 * What a peer can be found by, in small letters and without a dot at the end; `""` for a name that it does not have.
 * @param entry of `Peer` or `Self` in `ipnstate.Status`.
 */
export function readPeerNames(entry: Readonly<Record<string, unknown>>): PeerNames {
  return {
    dnsName: normalName(textOf(entry.DNSName) ?? ""),
    hostName: normalName(textOf(entry.HostName) ?? ""),
    addresses: textsOf(entry.TailscaleIPs)
      .map(normalName)
      .filter((address) => isIP(address) !== 0),
  };
}

/** @param names of the same entry. */
export function readPeer(
  entry: Readonly<Record<string, unknown>>,
  names = readPeerNames(entry),
): TailnetPeer {
  return {
    names,
    id: textOf(entry.ID),
    nodeId: idOf(entry.NodeID),
    hostName: textOf(entry.HostName),
    os: osOf(entry.OS),
    tags: textsOf(entry.Tags).filter((tag) => /^tag:./.test(tag)),
    userId: idOf(entry.UserID),
    online: typeof entry.Online === "boolean" ? entry.Online : null,
    path: pathOf(entry),
    relay: textOf(entry.Relay)?.toLowerCase() ?? null,
    publicAddress: publicAddress(hostOf(textOf(entry.CurAddr) ?? "")),
    lastSeenMs: timeOf(entry.LastSeen),
    keyExpiresMs: timeOf(entry.KeyExpiry),
    expired: entry.Expired === true,
    sshHostKeys: textsOf(entry.sshHostKeys),
    place: placeOf(entry.Location),
    sharee: entry.ShareeNode === true,
  };
}

const OS_NAMES: ReadonlyMap<string, string> = new Map([["darwin", "macos"]]);

/** Tailscale writes `macOS`, `iOS`, `linux`, `windows`, `android`, `freebsd`; hosts say `darwin` for the first. */
function osOf(value: unknown): string | null {
  const name = textOf(value, 32)?.trim().toLowerCase() ?? null;
  return name === null ? null : (OS_NAMES.get(name) ?? name);
}

/** `CurAddr` is only set on a direct path, `PeerRelay` on one through a peer; `Active`: sent to within 2 minutes. */
function pathOf(entry: Readonly<Record<string, unknown>>): TailnetPath | null {
  if (textOf(entry.CurAddr) !== null) return "direct";
  if (textOf(entry.PeerRelay) !== null) return "peer-relay";
  if (typeof entry.Active !== "boolean") return null;
  return entry.Active ? "relayed" : "idle";
}

/** Address of `192.0.2.1:41641` or `[2001:db8::1]:41641`. */
function hostOf(endpoint: string): string {
  return /^\[(.+)\]:\d+$/.exec(endpoint)?.[1] ?? /^([^:]+):\d+$/.exec(endpoint)?.[1] ?? "";
}

/**
 * What a node declared of itself, `Hostinfo.Location`: the control plane passes it on, and nobody checks it, so it is
 * not of high confidence. Mullvad's exit nodes have one, ordinary machines none. Source: tailcfg/tailcfg.go, "only set
 * if explicitly declared by a node"; copied to peers in ipn/ipnlocal/local.go.
 */
function placeOf(value: unknown): Place | null {
  if (!isRecord(value)) return null;
  const code = textOf(value.CountryCode)?.toUpperCase() ?? "";
  const city = textOf(value.City, 128);
  const point = tailscalePoint(value.Latitude, value.Longitude);
  const isCountry = validCountry(code);
  if (!isCountry && city === null && point === null) return null;
  return {
    source: "tailscale",
    ...knownFields({ country: isCountry ? code : null, city }),
    ...point,
    precision: city === null && point === null ? "country" : "city",
    confidence: "medium",
    detail: "location that it declared to Tailscale",
  };
}
