// The snapshot a call is decided from: the host's list, at most a second old, joined with the config.
import type { ResolvedConfig } from "../config/resolve.ts";
import { readHostNodes } from "../presence/sources/gateway.ts";
import type { RouterDeps } from "./deps.ts";
import { buildSnapshot, type KnownHostNodes } from "./inventory.ts";
import type { NodeSnapshot } from "./placement/snapshot.ts";

/** A call decides on what was true this short while ago; the host itself refuses a node that left since. */
export const SNAPSHOT_MAX_AGE_MS = 1_000;

const EMPTY: NodeSnapshot = { nodes: [], takenAtMs: null };

/** Snapshots by the list they were made of: the same list and config give the same snapshot object. */
const cache = new WeakMap<ResolvedConfig, WeakMap<KnownHostNodes, NodeSnapshot>>();

/**
 * @param maxAgeMs 0 reads anew.
 * @throws NodeRouterError INVENTORY_UNAVAILABLE
 */
export async function currentSnapshot(
  deps: Pick<RouterDeps, "state" | "listNodes" | "now">,
  config: ResolvedConfig,
  maxAgeMs = SNAPSHOT_MAX_AGE_MS,
): Promise<NodeSnapshot> {
  const host = await deps.state.reader.read(maxAgeMs, () => readHostNodes(deps.listNodes, deps.now));
  return snapshotOf(config, host);
}

/** The snapshot of the last list that was read; without nodes when none ever was. */
export function lastSnapshot(deps: Pick<RouterDeps, "state">, config: ResolvedConfig): NodeSnapshot {
  const host = deps.state.reader.last();
  return host === null ? EMPTY : snapshotOf(config, host);
}

function snapshotOf(config: ResolvedConfig, host: KnownHostNodes): NodeSnapshot {
  const byHost = cache.get(config) ?? new WeakMap<KnownHostNodes, NodeSnapshot>();
  cache.set(config, byHost);
  const known = byHost.get(host) ?? buildSnapshot(config.nodes, host);
  byHost.set(host, known);
  return known;
}
