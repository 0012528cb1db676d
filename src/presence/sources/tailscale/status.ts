// What Tailscale says of the tailnet: `ipnstate.Status`, checked, tolerant of missing and unknown fields. Pure.
import { isRecord } from "../../../shared/isRecord.ts";
import { quote } from "../../../shared/safeText.ts";
import { idOf, type JsonRecord, textOf } from "./json.ts";
import { isOwnName } from "./match.ts";
import { normalName, type PeerNames, readPeer, readPeerNames, type TailnetPeer } from "./peer.ts";

export interface TailnetStatus {
  /** `ipn.State`; only in `Running` the rest means something. */
  readonly state: string | null;
  /** MagicDNS suffix of our own tailnet, without dots around it; null when it has none. */
  readonly suffix: string | null;
  /** This machine. */
  readonly self: TailnetPeer | null;
  /** Those that were asked for. */
  readonly peers: readonly TailnetPeer[];
  /** User ids to login names. */
  readonly users: ReadonlyMap<string, string>;
}

/** Whether a peer of these names is asked for. */
export type WantPeer = (names: PeerNames) => boolean;

/** One entry of `Peer`; null for nonsense and for peers that nobody asked for. */
export function readWantedPeer(entry: unknown, wants: WantPeer): TailnetPeer | null {
  if (!isRecord(entry)) return null;
  const names = readPeerNames(entry);
  if (!wants(names)) return null;
  const peer = readPeer(entry, names);
  // `Online` is false when the control plane did not say, too: then nobody saw it at any time.
  return peer.online === false && peer.lastSeenMs === null ? { ...peer, online: null } : peer;
}

/** The whole status; null when it is not in a form that can be read. */
export function readTailnetStatus(value: unknown, wants: WantPeer = () => true): TailnetStatus | null {
  if (!isRecord(value)) return null;
  const entries = isRecord(value.Peer) ? Object.values(value.Peer) : [];
  return statusOf(
    value,
    entries.map((entry) => readWantedPeer(entry, wants)).filter((peer) => peer !== null),
  );
}

/** The same when the peers were read before. */
export function statusOf(value: JsonRecord, peers: readonly TailnetPeer[]): TailnetStatus {
  const tailnet = isRecord(value.CurrentTailnet) ? value.CurrentTailnet : {};
  // Before CurrentTailnet there was this alone; later both say the same.
  const suffix = textOf(tailnet.MagicDNSSuffix) ?? textOf(value.MagicDNSSuffix) ?? "";
  return {
    state: textOf(value.BackendState, 64),
    suffix: normalName(suffix).replace(/^\./, "") || null,
    self: isRecord(value.Self) ? readPeer(value.Self) : null,
    peers,
    users: new Map(isRecord(value.User) ? Object.values(value.User).flatMap(readUser) : []),
  };
}

function readUser(entry: unknown): readonly [string, string][] {
  if (!isRecord(entry)) return [];
  const id = idOf(entry.ID);
  const login = textOf(entry.LoginName);
  return id === null || login === null ? [] : [[id, login]];
}

/** Tailscale's own exit nodes, and machines of other tailnets: they are nobody's nodes here. */
export function isForeign({ names, sharee }: TailnetPeer, suffix: string | null): boolean {
  if (sharee || names.dnsName.endsWith(".mullvad.ts.net")) return true;
  return names.dnsName !== "" && !isOwnName(names.dnsName, suffix);
}

const NOT_RUNNING: ReadonlyMap<string, string> = new Map([
  ["Stopped", 'Tailscale is stopped here; "tailscale up" starts it'],
  ["NeedsLogin", 'Tailscale is logged out here; "tailscale login" logs in'],
  ["NeedsMachineAuth", "this machine waits for approval on the tailnet; an admin of the tailnet gives it"],
  ["InUseOtherUser", "Tailscale is in use by another user of this machine"],
  ["Starting", "Tailscale is starting here"],
  ["NoState", "Tailscale is starting here"],
]);

/** Why the status says nothing of peers, one sentence without a full stop; null: it does. */
export function whyUnknown({ state }: TailnetStatus): string | null {
  if (state === "Running") return null;
  if (state === null) return "Tailscale does not say whether it runs here";
  return NOT_RUNNING.get(state) ?? `Tailscale is in state ${quote(state)} here`;
}
