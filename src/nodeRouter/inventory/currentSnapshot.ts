// The snapshot a call is decided from: the host's list, at most a second old, joined with config and presence.
import type { ResolvedConfig } from "../../config/resolve.ts";
import { declaredPlace } from "../../presence/location/cleanPlace.ts";
import { readHostNodes } from "../../presence/sources/gateway/hostList.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import type { HostSide } from "../policy/outlook.ts";
import type { RouterDeps } from "../process/deps.ts";
import type { SharedState } from "../process/sharedState.ts";
import { buildSnapshot, type KnownHostNodes, NO_PRESENCE, type PresenceRecords } from "./inventory.ts";
import type { KnownNames } from "./nodeNames.ts";

/** A call decides on what was true this short while ago; the host itself refuses a node that left since. */
export const SNAPSHOT_MAX_AGE_MS = 1_000;

const EMPTY: NodeSnapshot = { nodes: [], takenAtMs: null, gatewayLocation: null };

/** What a snapshot is made of. */
type SnapshotState = Pick<SharedState, "reader" | "names" | "presence">;

interface Built {
  readonly known: KnownNames;
  readonly presence: PresenceRecords;
  readonly snapshot: NodeSnapshot;
}

/** The last snapshot of each list and config: the same list, config and presence give the same snapshot object. */
const cache = new WeakMap<ResolvedConfig, WeakMap<KnownHostNodes, Built>>();

/**
 * Waits for the host's list when that is too old, and for nothing else: presence is taken as it is. (After a start it
 * waits for the file of the nodes' names, too.)
 * @param maxAgeMs 0 reads anew.
 * @throws NodeRouterError INVENTORY_UNAVAILABLE
 */
export async function currentSnapshot(
  deps: Pick<RouterDeps, "state" | "listNodes" | "now">,
  config: ResolvedConfig,
  maxAgeMs = SNAPSHOT_MAX_AGE_MS,
): Promise<NodeSnapshot> {
  const host = await deps.state.reader.read(maxAgeMs, () => readHostNodes(deps.listNodes, deps.now));
  await deps.state.names.ready();
  return snapshotOf(deps, config, host);
}

/** The snapshot of the last list that was read; without nodes when none ever was. */
export function lastSnapshot(deps: { readonly state: SnapshotState }, config: ResolvedConfig): NodeSnapshot {
  const host = deps.state.reader.last();
  return host === null ? EMPTY : snapshotOf(deps, config, host);
}

/** What is known of every node by inventory name; empty until the nodes are observed. Never waits. */
export function presenceRecords({
  state,
}: {
  readonly state: Pick<SharedState, "presence">;
}): PresenceRecords {
  return state.presence?.current() ?? NO_PRESENCE;
}

/** What the host says now, as far as a call depends on it. */
export function hostSide({
  state,
  hostConfig,
}: {
  readonly state: Pick<SharedState, "presence" | "workspace">;
  readonly hostConfig: () => unknown;
}): HostSide {
  return {
    hostConfig: hostConfig(),
    apiProblem: state.workspace.apiProblem,
    presence: presenceRecords({ state }),
  };
}

/** Who has which name, with what this list shows for the first time. */
export function knownNames(
  { state }: { readonly state: Pick<SharedState, "names"> },
  config: ResolvedConfig,
  host: KnownHostNodes,
): KnownNames {
  state.names.see(config.nodes, host.nodes);
  return state.names.known();
}

function snapshotOf(
  deps: { readonly state: SnapshotState },
  config: ResolvedConfig,
  host: KnownHostNodes,
): NodeSnapshot {
  const presence = presenceRecords(deps);
  const known = knownNames(deps, config, host);
  const byHost = cache.get(config) ?? new WeakMap<KnownHostNodes, Built>();
  cache.set(config, byHost);
  const before = byHost.get(host);
  if (before?.presence === presence && before.known === known) return before.snapshot;
  const { location } = config.gateway;
  const gatewayLocation =
    location === null ? (deps.state.presence?.gatewayPlace() ?? null) : declaredPlace(location);
  const snapshot = buildSnapshot(config.nodes, host, presence, gatewayLocation, known);
  byHost.set(host, { presence, known, snapshot });
  return snapshot;
}
