// The snapshot a call is decided from: the host's list, at most a second old, joined with config and presence.

import type { ResolvedConfig } from "../../config/resolve.ts";
import { PRESENCE_HUB } from "../../presence/hub.ts";
import { declaredPlace } from "../../presence/location/cleanPlace.ts";
import { PRESENCE } from "../../presence/presence.ts";
import { type ListNodes, readHostNodes } from "../../presence/sources/gateway/hostList.ts";
import { NODE_READER } from "../../presence/sources/gateway/nodeReader.ts";
import { definePart, type Memory } from "../../shared/processMemory.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import { CORDONS, type CordonView, withCordons } from "./cordons.ts";
import { buildSnapshot, type KnownHostNodes, NO_PRESENCE, type PresenceRecords } from "./inventory.ts";
import { type KnownNames, NODE_NAMES } from "./nodeNames.ts";
import { residenceOf } from "./nodeResidence.ts";
import { SNAPSHOT_KEEPER } from "./snapshotKeeper.ts";

/** A call decides on what was true this short while ago; the host itself refuses a node that left since. */
export const SNAPSHOT_MAX_AGE_MS = 1_000;

const EMPTY: NodeSnapshot = { nodes: [], takenAtMs: null, gatewayLocation: null };

/** What is asked for a snapshot. */
export interface SnapshotDeps {
  readonly memory: Memory;
  readonly listNodes: ListNodes;
  /** Epoch ms. */
  readonly now: () => number;
}

interface Built {
  readonly known: KnownNames;
  readonly presence: PresenceRecords | null;
  readonly cordons: CordonView;
  readonly snapshot: NodeSnapshot;
}

/**
 * The last snapshot of each list and config: the same list, config, presence and cordons give the same snapshot object. One for
 * all copies of this code, for the copy that keeps it up is seldom the one whose hooks read it.
 */
const SNAPSHOTS = definePart(
  "snapshots",
  2,
  () => new WeakMap<ResolvedConfig, WeakMap<KnownHostNodes, Built>>(),
);

/**
 * Waits for the host's list when that is too old, and for nothing else: presence is taken as it is. While calls are
 * made one is kept that is not (`snapshotKeeper.ts`). (After a start it waits for the files of the nodes' names and of cordons, too.)
 * @param maxAgeMs 0 reads anew.
 * @throws NodeRouterError INVENTORY_UNAVAILABLE
 */
export async function currentSnapshot(
  deps: SnapshotDeps,
  config: ResolvedConfig,
  maxAgeMs = SNAPSHOT_MAX_AGE_MS,
): Promise<NodeSnapshot> {
  deps.memory.part(SNAPSHOT_KEEPER).current?.used();
  return seldomSnapshot(deps, config, maxAgeMs);
}

/**
 * The same for who asks now and then and is no call: it is not kept up for that.
 * @throws NodeRouterError INVENTORY_UNAVAILABLE
 */
export async function seldomSnapshot(
  deps: SnapshotDeps,
  config: ResolvedConfig,
  maxAgeMs = SNAPSHOT_MAX_AGE_MS,
): Promise<NodeSnapshot> {
  const host = await deps.memory
    .part(NODE_READER)
    .read(maxAgeMs, (before) => readHostNodes(deps.listNodes, deps.now, before));
  await Promise.all([deps.memory.part(NODE_NAMES).ready(), deps.memory.part(CORDONS).ready()]);
  return snapshotOf(deps, config, host);
}

/**
 * What is decided from a snapshot, where a refusal must not come from an old one: a node may have connected since.
 * @param decide pure; called once more when it refuses and the list was not read for this call.
 * @throws NodeRouterError INVENTORY_UNAVAILABLE
 */
export async function decidedNow<T>(
  deps: SnapshotDeps,
  config: ResolvedConfig,
  decide: (snapshot: NodeSnapshot) => T,
  isRefusal: (decided: T) => boolean,
): Promise<T> {
  const beganMs = deps.now();
  const snapshot = await currentSnapshot(deps, config);
  const decided = decide(snapshot);
  if (!isRefusal(decided) || (snapshot.takenAtMs ?? 0) >= beganMs) return decided;
  return decide(await currentSnapshot(deps, config, 0));
}

/** The snapshot of the last list that was read; without nodes when none ever was. */
export function lastSnapshot(deps: Pick<SnapshotDeps, "memory">, config: ResolvedConfig): NodeSnapshot {
  const host = deps.memory.part(NODE_READER).last();
  return host === null ? EMPTY : snapshotOf(deps, config, host);
}

/** What is known of every node by inventory name; empty while nobody observes them. Never waits. */
export function presenceRecords({ memory }: Pick<SnapshotDeps, "memory">): PresenceRecords {
  return memory.part(PRESENCE).current?.current() ?? NO_PRESENCE;
}

/** The same for who decides: between two services what spoke against a place still does. Null: nobody ever observed them in this process. */
function heldRecords({ memory }: Pick<SnapshotDeps, "memory">): PresenceRecords | null {
  return memory.part(PRESENCE).current?.current() ?? memory.part(PRESENCE_HUB).current?.unobserved() ?? null;
}

/** Who has which name, with what this list shows for the first time. */
export function knownNames(
  { memory }: Pick<SnapshotDeps, "memory">,
  config: ResolvedConfig,
  host: KnownHostNodes,
): KnownNames {
  memory.part(NODE_NAMES).see(config.nodes, host.nodes, host.who);
  return memory.part(NODE_NAMES).known();
}

function snapshotOf(
  deps: Pick<SnapshotDeps, "memory">,
  config: ResolvedConfig,
  host: KnownHostNodes,
): NodeSnapshot {
  const presence = heldRecords(deps);
  const known = knownNames(deps, config, host);
  const cordons = deps.memory.part(CORDONS).view();
  const cache = deps.memory.part(SNAPSHOTS);
  const byHost = cache.get(config) ?? new WeakMap<KnownHostNodes, Built>();
  cache.set(config, byHost);
  const before = byHost.get(host);
  if (before?.presence === presence && before.known === known && before.cordons === cordons)
    return before.snapshot;
  const snapshot = snapshotBy(deps, config, host, known);
  byHost.set(host, { presence, known, cordons, snapshot });
  return snapshot;
}

/**
 * The nodes as this config, in force or not, knows them; remembers nothing.
 * @param host null: nobody has listed nodes yet.
 */
export function snapshotBy(
  { memory }: Pick<SnapshotDeps, "memory">,
  config: ResolvedConfig,
  host: KnownHostNodes | null,
  known: KnownNames,
): NodeSnapshot {
  // A hub that no service feeds any more still knows what was said of the gateway's own place.
  const presence = memory.part(PRESENCE).current ?? memory.part(PRESENCE_HUB).current;
  const { location } = config.gateway;
  const gatewayLocation = location === null ? (presence?.gatewayPlace() ?? null) : declaredPlace(location);
  const gatewayResidence = residenceOf({
    declared: location,
    tailnetTags: undefined,
    witnesses: presence?.gatewayWitnesses?.() ?? [],
  });
  const records = heldRecords({ memory }) ?? NO_PRESENCE;
  const built = buildSnapshot(config.nodes, host, records, gatewayLocation, known, gatewayResidence);
  return withCordons(built, memory.part(CORDONS).view());
}
