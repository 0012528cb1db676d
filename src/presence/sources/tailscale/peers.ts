// Keeps which peer each node is, and observes the nodes from whole statuses and from changes of single peers.
import type { PresenceSink, PresenceTarget } from "../../record.ts";
import { applyPatch, type PeerPatch } from "./bus.ts";
import { indexPeers, type PeerMatch } from "./match.ts";
import { observePeer } from "./observe.ts";
import type { TailnetPeer } from "./peer.ts";
import { isForeign, type TailnetStatus } from "./status.ts";

export interface TailnetNodes {
  /**
   * Observes every target that has a peer and forgets those that had one.
   * @param begunMs epoch ms at which the status was asked for.
   */
  apply(status: TailnetStatus, begunMs: number, targets: readonly PresenceTarget[], sink: PresenceSink): void;
  /** Observes the nodes whose peers changed. */
  patch(patches: readonly PeerPatch[], sink: PresenceSink): void;
  /** Nothing is known any more. */
  forget(sink: PresenceSink): void;
  /** Whether one of these peers is a node. */
  concern(nodeIds: readonly string[]): boolean;
  /** Why a target has no peer, by inventory name. */
  unmatched(): ReadonlyMap<string, string>;
  /** Inventory names that are this machine itself. */
  self(): readonly string[];
}

/** The peer of one node, as it was last observed, and the status that it is from. */
interface Matched {
  readonly peer: TailnetPeer;
  readonly status: TailnetStatus;
}

interface Patched {
  readonly patch: PeerPatch;
  /** Epoch ms at which it came. */
  readonly atMs: number;
}

/**
 * @param now epoch ms.
 * @param relayCode of a relay region's number; null: not known.
 */
export function createTailnetNodes(
  now: () => number,
  relayCode: (id: string) => string | null,
): TailnetNodes {
  let matched: ReadonlyMap<string, Matched> = new Map();
  let unmatched: ReadonlyMap<string, string> = new Map();
  /** Of matched peers, by their ids: a status that was asked for before such a change does not undo it. */
  const patched = new Map<string, Patched>();

  const patchedSince = (peer: TailnetPeer, status: TailnetStatus, begunMs: number): TailnetPeer => {
    const later = peer === status.self ? undefined : patched.get(peer.nodeId ?? "");
    return later === undefined || later.atMs < begunMs ? peer : applyPatch(peer, later.patch, relayCode);
  };

  return {
    apply(status, begunMs, targets, sink) {
      const find = finderOf(status);
      const found = new Map<string, Matched>();
      const missing = new Map<string, string>();
      for (const { name, tailscale } of targets) {
        if (tailscale === null) continue;
        const match = find(tailscale);
        if (match.kind === "peer") {
          const peer = patchedSince(match.peer, status, begunMs);
          found.set(name, { peer, status });
          sink.observe(observePeer(name, peer, status, now()));
        } else {
          missing.set(name, match.reason);
        }
      }
      const gone = [...matched.keys()].filter((name) => !found.has(name));
      if (gone.length > 0) sink.forget("tailscale", gone);
      matched = found;
      unmatched = missing;
      for (const [id, { atMs }] of patched) if (atMs < begunMs) patched.delete(id);
    },

    patch(patches, sink) {
      const byId = new Map(patches.map((patch) => [patch.nodeId, patch]));
      const changed = new Map<string, Matched>();
      for (const [name, { peer, status }] of matched) {
        const patch = byId.get(peer.nodeId ?? "");
        if (patch === undefined || peer === status.self) continue;
        const before = patched.get(patch.nodeId)?.patch;
        patched.set(patch.nodeId, { patch: { ...before, ...patch }, atMs: now() });
        const after = applyPatch(peer, patch, relayCode);
        changed.set(name, { peer: after, status });
        sink.observe(observePeer(name, after, status, now()));
      }
      if (changed.size > 0) matched = new Map([...matched, ...changed]);
    },

    forget(sink) {
      if (matched.size > 0) sink.forget("tailscale", [...matched.keys()]);
      matched = new Map();
      unmatched = new Map();
      patched.clear();
    },

    concern(nodeIds) {
      const ids = new Set(nodeIds);
      return [...matched.values()].some(({ peer }) => ids.has(peer.nodeId ?? ""));
    },

    unmatched: () => unmatched,

    self: () => [...matched].flatMap(([name, { peer, status }]) => (peer === status.self ? [name] : [])),
  };
}

/** Finds among this machine and its tailnet's peers; that a peer of elsewhere was left out is in the reason. */
function finderOf({ self, peers, suffix }: TailnetStatus): (wanted: string) => PeerMatch<TailnetPeer> {
  const own = peers.filter((peer) => !isForeign(peer, suffix));
  const foreign = peers.filter((peer) => isForeign(peer, suffix));
  const find = indexPeers(self === null ? own : [self, ...own], suffix);
  const findForeign = indexPeers(foreign, null);
  return (wanted) => {
    const match = find(wanted);
    return match.kind !== "none" || findForeign(wanted).kind === "none"
      ? match
      : {
          kind: "none",
          reason: `${match.reason} in this tailnet; one of another tailnet is, and those are left out`,
        };
  };
}
