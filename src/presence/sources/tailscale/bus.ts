// Messages of the IPN bus: `ipn.Notify` of Tailscale's ipn/backend.go, as far as they concern peers. Pure.
import { isRecord } from "../../../shared/isRecord.ts";
import { itemsOf } from "../../../shared/jsonParts.ts";
import { knownFields } from "../../../shared/knownFields.ts";
import { idOf, timeOf } from "./json.ts";
import type { TailnetPeer } from "./peer.ts";
import { statusOf, type TailnetStatus } from "./status.ts";

/**
 * InitialState 1<<1, NoNetMap 1<<13, InitialStatus 1<<14, PeerPatches 1<<15: a whole status first, then changes. macOS
 * would send its whole map of the network with every change if it was not told that nobody reads it.
 */
export const BUS_MASK = 2 + 8_192 + 16_384 + 32_768;

/** `ipn.State` as a number. */
const RUNNING = 6;

/** A few fields of one peer that changed: `tailcfg.PeerChange`. Absent: as before. */
export interface PeerPatch {
  readonly nodeId: string;
  readonly online?: boolean;
  readonly lastSeenMs?: number;
  readonly keyExpiresMs?: number;
  /** Number of the home relay region. */
  readonly relayId?: string;
}

export type BusEvent =
  | { readonly kind: "status"; readonly status: TailnetStatus }
  /** It began to run, or ended. */
  | { readonly kind: "state"; readonly running: boolean }
  | { readonly kind: "patches"; readonly patches: readonly PeerPatch[] }
  /** These were added, removed or replaced. */
  | { readonly kind: "peers"; readonly nodeIds: readonly string[] };

/** @param peers of the message's `InitialStatus`, which come before the message itself. */
export function readNotify(message: unknown, peers: readonly TailnetPeer[]): readonly BusEvent[] {
  if (!isRecord(message)) return [];
  // The first message says both: the status is the whole of it.
  if (isRecord(message.InitialStatus))
    return [{ kind: "status", status: statusOf(message.InitialStatus, peers) }];
  const patches = itemsOf(message.PeerChangedPatch).flatMap(readPatch);
  const changed = [
    ...itemsOf(message.PeersChanged).map((node) => (isRecord(node) ? idOf(node.ID) : null)),
    ...itemsOf(message.PeersRemoved).map(idOf),
  ].filter((id) => id !== null);
  return [
    ...(typeof message.State === "number"
      ? [{ kind: "state", running: message.State === RUNNING } as const]
      : []),
    ...(patches.length > 0 ? [{ kind: "patches", patches } as const] : []),
    ...(changed.length > 0 ? [{ kind: "peers", nodeIds: changed } as const] : []),
  ];
}

function readPatch(value: unknown): readonly PeerPatch[] {
  if (!isRecord(value)) return [];
  const nodeId = idOf(value.NodeID);
  if (nodeId === null) return [];
  const changed = knownFields({
    online: typeof value.Online === "boolean" ? value.Online : null,
    lastSeenMs: timeOf(value.LastSeen),
    keyExpiresMs: timeOf(value.KeyExpiry),
    relayId: idOf(value.DERPRegion),
  });
  return [{ nodeId, ...changed }];
}

/**
 * The peer after the change.
 * @param relayCode of a region's number; null: not known, and then the old one stands.
 */
export function applyPatch(
  peer: TailnetPeer,
  patch: PeerPatch,
  relayCode: (id: string) => string | null,
): TailnetPeer {
  const relay = patch.relayId === undefined ? null : relayCode(patch.relayId);
  return {
    ...peer,
    online: patch.online ?? peer.online,
    lastSeenMs: patch.lastSeenMs ?? peer.lastSeenMs,
    keyExpiresMs: patch.keyExpiresMs ?? peer.keyExpiresMs,
    relay: relay ?? peer.relay,
  };
}
