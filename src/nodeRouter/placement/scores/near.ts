// How near each node is to what a rule says `near` of: as a round trip in ms, so that measured and estimated compare.
import { distanceKm, estimatedRttMs, type GeoPoint, pointOf } from "../../../shared/distance.ts";
import type { Near } from "../model/rule.ts";
import type { NodeSnapshot, NodeState } from "../model/snapshot.ts";

/** Behind every known distance. */
const UNKNOWN = Number.POSITIVE_INFINITY;

/** A node must be nearer by more than both to be worth leaving another for: less is noise. */
const NEARER_MS = 5;
const NEARER_SHARE = 0.2;
/** Where the second of them becomes the larger one. */
const SHARE_FROM_MS = NEARER_MS / NEARER_SHARE;

/** Round trip to a node in ms; Infinity where nobody knows the distance. */
export type Distance = (node: NodeState) => number;

/**
 * From the gateway the measured round trip counts, else the one that the distance makes likely. From anywhere else
 * nothing is measured, so the distance alone decides.
 */
export function distanceTo(near: Near, snapshot: NodeSnapshot): Distance {
  const from = startOf(snapshot, near);
  return (node) => msTo(node, near, from);
}

/**
 * The same in steps of 5 ms up to 25 ms and of 20 % from there, a lower one being nearer. Of two nodes in one network
 * the free one should win, not the one that answered 0.1 ms earlier; and steps compare without circles.
 */
export function stepOf(ms: number): number {
  if (ms === UNKNOWN) return UNKNOWN;
  if (ms < SHARE_FROM_MS) return Math.floor(ms / NEARER_MS);
  const larger = Math.log(ms / SHARE_FROM_MS) / Math.log(1 + NEARER_SHARE);
  return SHARE_FROM_MS / NEARER_MS + Math.floor(larger);
}

/** Whether `ms` is so much shorter than `than` that it is worth a move. It is then on a lower step, too. */
export function isClearlyNearer(ms: number, than: number): boolean {
  return ms < than - NEARER_MS && ms < than * (1 - NEARER_SHARE);
}

function startOf({ nodes, gatewayLocation }: NodeSnapshot, near: Near): GeoPoint | null {
  if (near.kind === "point") return near;
  const location =
    near.kind === "gateway" ? gatewayLocation : nodes.find(({ name }) => name === near.name)?.location;
  return location == null ? null : pointOf(location);
}

function msTo(node: NodeState, near: Near, from: GeoPoint | null): number {
  if (near.kind === "gateway" && node.rttMs !== null) return node.rttMs;
  // It is next to itself, wherever that is.
  if (near.kind === "node" && near.name === node.name) return 0;
  const to = node.location === null ? null : pointOf(node.location);
  return from === null || to === null ? UNKNOWN : estimatedRttMs(distanceKm(from, to));
}
