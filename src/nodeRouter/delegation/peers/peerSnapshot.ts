// The peers at one moment, as candidates of a placement: config joined with what each of them told. Pure.
import type { ConfiguredPeer } from "../../../config/resolvePeers.ts";
import { declaredPlace } from "../../../presence/location/cleanPlace.ts";
import { roughDuration } from "../../../shared/roughDuration.ts";
import { residenceOf } from "../../inventory/nodeResidence.ts";
import { nodeTags } from "../../inventory/nodeTags.ts";
import {
  type NodePressure,
  type NodeSnapshot,
  type NodeState,
  type PeerFacts,
  UNKNOWN_CAPACITY,
} from "../../placement/model/snapshot.ts";
import { NO_TAINTS } from "../../placement/model/taint.ts";
import { type KnownPeer, UNKNOWN_PEER } from "./knownPeers.ts";

/** Clocks that differ by more make `acceptBefore` mean something else on each side. Milliseconds. */
export const MAX_CLOCK_OFFSET_MS = 60_000;

/**
 * Peers that tasks can be given to: those without a token to present are none.
 * @param gateway the nodes' snapshot, of which only the gateway's place is taken.
 */
export function peerSnapshot(
  peers: ReadonlyMap<string, ConfiguredPeer>,
  known: ReadonlyMap<string, KnownPeer>,
  gateway: Pick<NodeSnapshot, "gatewayLocation">,
  nowMs: number,
): NodeSnapshot {
  const pressure = new Map<string, NodePressure>();
  const nodes = [...peers.values()].flatMap((peer) => {
    if (peer.token === null || peer.way === null) return [];
    const now = known.get(peer.name) ?? UNKNOWN_PEER;
    if (isFull(now)) pressure.set(peer.name, { full: true, ejectedForMs: null });
    return [stateOf(peer, now)];
  });
  return { nodes, takenAtMs: nowMs, gatewayLocation: gateway.gatewayLocation, pressure };
}

/** It would turn the next one away. */
function isFull({ card }: KnownPeer): boolean {
  return card !== null && card.running >= card.maxRunning && card.queued >= card.maxQueued;
}

function stateOf(peer: ConfiguredPeer, known: KnownPeer): NodeState {
  const location = peer.location === null ? null : declaredPlace(peer.location);
  return {
    name: peer.name,
    nodeId: null,
    configured: true,
    tags: nodeTags({
      name: peer.name,
      os: null,
      arch: null,
      paired: false,
      ssh: false,
      location,
      timeZone: peer.location?.timeZone ?? null,
      tailnetTags: [],
      configured: peer.tags,
    }),
    online: known.online,
    sshReachable: null,
    rttMs: known.rttMs,
    capacity: UNKNOWN_CAPACITY,
    approval: "approved",
    awaitsReapproval: false,
    commands: new Set(),
    ssh: false,
    transport: "auto",
    workspace: null,
    location,
    // A gateway has no witnesses of its place: only the operator's word grants, and nobody objects.
    residence: residenceOf({ declared: peer.location, tailnetTags: undefined, witnesses: [] }),
    taints: NO_TAINTS,
    ghostIds: [],
    doubt: null,
    cordon: null,
    peer: factsOf(peer, known),
  };
}

function factsOf(peer: ConfiguredPeer, known: KnownPeer): PeerFacts {
  return {
    agents: agentsOf(peer.agents, known.agents),
    draining: known.card?.draining === true,
    unfit:
      typeof peer.token === "string"
        ? (known.unfit ?? clockDoubt(known.clockOffsetMs))
        : "had a token that OpenClaw has not resolved",
  };
}

/** Those that may be asked by both sides' word. */
function agentsOf(
  ours: readonly string[] | null,
  theirs: readonly string[] | null,
): readonly string[] | null {
  if (ours === null || theirs === null) return ours ?? theirs;
  return ours.filter((agent) => theirs.includes(agent));
}

/** Why its clock makes it unfit, a verb phrase: `had a clock that is 10 min ahead`. Null: it does not, or nobody knows it. */
export function clockDoubt(offsetMs: number | null): string | null {
  if (offsetMs === null || Math.abs(offsetMs) <= MAX_CLOCK_OFFSET_MS) return null;
  return `had a clock that is ${roughDuration(Math.abs(offsetMs))} ${offsetMs > 0 ? "ahead" : "behind"}`;
}
