// How near each node is to what a rule says `near` of: as a round trip in ms, so that measured and estimated compare.
import { distanceKm, estimatedRttMs, type Point, pointOf } from "../../../shared/distance.ts";
import type { NodeIndex } from "../model/nodeIndex.ts";
import type { Near } from "../model/rule.ts";
import type { NodeState } from "../model/snapshot.ts";

/** Behind every known distance. */
const UNKNOWN = Number.POSITIVE_INFINITY;

/** A node must be nearer by more than both to be worth leaving another for: less is noise. */
const NEARER_MS = 5;
const NEARER_SHARE = 0.2;
/** Where the second of them becomes the larger one. */
const SHARE_FROM_MS = NEARER_MS / NEARER_SHARE;

export interface Nearness {
  /** Round trip in ms by position; Infinity where nobody knows the distance. */
  readonly ms: Float64Array;
  /**
   * The same in steps of 5 ms up to 25 ms and of 20 % from there, a lower one being nearer. Of two nodes in one
   * network the free one should win, not the one that answered 0.1 ms earlier; and steps compare without circles.
   */
  readonly steps: Float64Array;
}

/**
 * From the gateway the measured round trip counts, else the one that the distance makes likely. From anywhere else
 * nothing is measured, so the distance alone decides.
 */
export function nearnessOf(index: NodeIndex, near: Near): Nearness {
  const key = keyOf(near);
  const from = startOf(index, near);
  const ms = index.column(key, (node) => msTo(node, near, from));
  return { ms, steps: index.column(`steps ${key}`, (_, position) => stepOf(ms[position] ?? UNKNOWN)) };
}

/** Whether `ms` is so much shorter than `than` that it is worth a move. It is then on a lower step, too. */
export function isClearlyNearer(ms: number, than: number): boolean {
  return ms < than - NEARER_MS && ms < than * (1 - NEARER_SHARE);
}

function keyOf(near: Near): string {
  switch (near.kind) {
    case "gateway":
      return "near gateway";
    case "node":
      return `near node ${near.name}`;
    case "point":
      return `near point ${near.latitude},${near.longitude}`;
  }
}

function startOf(index: NodeIndex, near: Near): Point | null {
  if (near.kind === "point") return near;
  const location =
    near.kind === "gateway" ? index.gatewayLocation : index.nodes[index.find(near.name)]?.location;
  return location == null ? null : pointOf(location);
}

function msTo(node: NodeState, near: Near, from: Point | null): number {
  if (near.kind === "gateway" && node.rttMs !== null) return node.rttMs;
  // It is next to itself, wherever that is.
  if (near.kind === "node" && near.name === node.name) return 0;
  const to = node.location === null ? null : pointOf(node.location);
  return from === null || to === null ? UNKNOWN : estimatedRttMs(distanceKm(from, to));
}

function stepOf(ms: number): number {
  if (ms === UNKNOWN) return UNKNOWN;
  if (ms < SHARE_FROM_MS) return Math.floor(ms / NEARER_MS);
  const larger = Math.log(ms / SHARE_FROM_MS) / Math.log(1 + NEARER_SHARE);
  return SHARE_FROM_MS / NEARER_MS + Math.floor(larger);
}
