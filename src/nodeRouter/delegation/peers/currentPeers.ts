// Which peer a task would get right now: config, what the peers told, cordons and the gateway's place, as they are.
import type { ResolvedConfig } from "../../../config/resolve.ts";
import type { NodeLocation } from "../../../shared/types.ts";
import { CORDONS, withCordons } from "../../inventory/cordons.ts";
import { lastSnapshot, type SnapshotDeps } from "../../inventory/currentSnapshot.ts";
import type { NodeSnapshot } from "../../placement/model/snapshot.ts";
import { choosePeer, type PeerChoice, type TaskRequest } from "./choosePeer.ts";
import { PEERS } from "./knownPeers.ts";
import { peerSnapshot } from "./peerSnapshot.ts";

export type PeerDeps = Pick<SnapshotDeps, "memory" | "now">;

/** The peers as they are known; asks none of them. Waits for the file of cordons after a start. */
export async function currentPeers(deps: PeerDeps, config: ResolvedConfig): Promise<NodeSnapshot> {
  const cordons = deps.memory.part(CORDONS);
  await cordons.ready();
  const known = deps.memory.part(PEERS).current?.known() ?? new Map();
  return withCordons(
    peerSnapshot(config.peers, known, lastSnapshot(deps, config), deps.now()),
    cordons.view(),
  );
}

/** `choosePeer` of this moment. */
export async function choosePeerNow(
  deps: PeerDeps,
  config: ResolvedConfig,
  request: TaskRequest,
): Promise<PeerChoice> {
  const peers = await currentPeers(deps, config);
  return choosePeer(request, peers, config.delegation, placesOf(deps, config));
}

function placesOf(deps: PeerDeps, config: ResolvedConfig): (node: string) => NodeLocation | null {
  return (name) => lastSnapshot(deps, config).nodes.find((node) => node.name === name)?.location ?? null;
}
