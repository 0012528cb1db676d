// Every peer of the config: whether it is there, what it offers, and what goes to and comes from it. Pure.
import type { ResolvedConfig } from "../../../config/resolve.ts";
import { isoTime } from "../../../shared/isoTime.ts";
import type { NodeLocation } from "../../../shared/types.ts";
import { type KnownPeer, UNKNOWN_PEER } from "../../delegation/peers/knownPeers.ts";
import { type CordonReport, cordonReport } from "../../explain/cordonText.ts";
import type { NodeSnapshot } from "../../placement/model/snapshot.ts";

/** One peer. Texts are not escaped. */
export interface PeerReport {
  readonly name: string;
  /** How it is reached: `ssh mac-sg:18789`, or its address; null: it only calls this gateway. */
  readonly way: string | null;
  readonly protocol: "node-router" | "a2a";
  /** `unusable`: it answers, and gets no tasks, for `why`. `inbound`: nothing is given to it. */
  readonly state: "online" | "offline" | "unknown" | "unusable" | "inbound";
  /** Why it gets no tasks; null: nothing speaks against it. */
  readonly why: string | null;
  readonly since: string | null;
  readonly lastHeard: string | null;
  readonly flaps: number;
  readonly rttMs: number | null;
  /** Its clock less this gateway's. */
  readonly clockOffsetMs: number | null;
  readonly version: string | null;
  readonly draining: boolean | null;
  /** Agents there that may be asked; null: it has not said. */
  readonly agents: readonly string[] | null;
  /** Of this gateway's tasks, there. */
  readonly there: { readonly running: number; readonly queued: number; readonly maxRunning: number } | null;
  /** Of its tasks, here; null: it may give none. */
  readonly here: { readonly running: number; readonly queued: number; readonly maxRunning: number } | null;
  /** This gateway's tasks that have not ended, by its own record. */
  readonly open: number;
  readonly tags: readonly string[];
  readonly location: NodeLocation | null;
  readonly cordon: CordonReport | "unreadable" | null;
}

export interface PeersReport {
  readonly gateway: {
    readonly name: string;
    /** Random, kept in the state folder; null: it has none yet. */
    readonly id: string | null;
  };
  readonly peers: readonly PeerReport[];
}

export interface PeersInput {
  readonly config: ResolvedConfig;
  readonly gateway: PeersReport["gateway"];
  readonly known: ReadonlyMap<string, KnownPeer>;
  /** Of `currentPeers`. */
  readonly snapshot: NodeSnapshot;
  /** Of a peer's tasks here. */
  readonly here: (peer: string) => { readonly running: number; readonly queued: number };
  /** This gateway's tasks that have not ended, at a peer. */
  readonly open: (peer: string) => number;
}

/** In config order. */
export function createPeersReport({ config, gateway, known, snapshot, here, open }: PeersInput): PeersReport {
  const states = new Map(snapshot.nodes.map((node) => [node.name, node]));
  const peers = [...config.peers.values()].map((peer): PeerReport => {
    const now = known.get(peer.name) ?? UNKNOWN_PEER;
    const state = states.get(peer.name);
    const unfit = state?.peer?.unfit ?? null;
    const { card } = now;
    const way = peer.way === null ? null : wayText(peer.way);
    return {
      name: peer.name,
      way,
      protocol: peer.protocol,
      state:
        state === undefined
          ? "inbound"
          : now.online === false
            ? "offline"
            : unfit !== null
              ? "unusable"
              : now.online === null
                ? "unknown"
                : "online",
      why: now.online === false ? now.failure : unfit,
      since: isoTime(now.sinceMs),
      lastHeard: isoTime(now.heardMs),
      flaps: now.flaps,
      rttMs: now.rttMs,
      clockOffsetMs: now.clockOffsetMs,
      version: card?.pluginVersion ?? null,
      draining: card?.draining ?? null,
      agents: state?.peer?.agents ?? null,
      there:
        card === null ? null : { running: card.running, queued: card.queued, maxRunning: card.maxRunning },
      here: peer.accept === null ? null : { ...here(peer.name), maxRunning: peer.accept.maxRunning },
      open: open(peer.name),
      tags: [...peer.tags].map(([key, value]) => (value === "" ? key : `${key}=${value}`)),
      location: peer.location,
      cordon: cordonReport(state?.cordon ?? null),
    };
  });
  return { gateway, peers };
}

function wayText(way: { kind: "ssh"; node: string; port: number } | { kind: "url"; url: string }): string {
  return way.kind === "ssh" ? `ssh ${way.node}:${way.port}` : way.url;
}
