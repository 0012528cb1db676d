// The nodes' report of this moment, out of what the running plugin knows. For gateway method, chat, page and metrics.
import type { ResolvedConfig } from "../../../config/resolve.ts";
import { declaredPlace } from "../../../presence/location/cleanPlace.ts";
import { PRESENCE, type Presence } from "../../../presence/presence.ts";
import type { Place } from "../../../presence/record.ts";
import { NODE_READER } from "../../../presence/sources/gateway/nodeReader.ts";
import { callLoads } from "../../current/callLoad.ts";
import { worldNow } from "../../current/worldNow.ts";
import { agentIds } from "../../host/hostConfig.ts";
import type { NodeSnapshot } from "../../placement/model/snapshot.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { LAST_NODES } from "../../state/lastNodes.ts";
import { TUNNELS, tunnelsOf } from "../../tunnels/tunnelStatus.ts";
import { agentsByNode } from "./agentRoutes.ts";
import { nodeHosting } from "./hostedReport.ts";
import type { NodesReport } from "./nodeReport.ts";
import { createNodesReport } from "./nodesReport.ts";

/** Reads what is there; asks nobody. */
export function currentNodesReport(
  deps: Pick<RouterDeps, "memory" | "hostConfig" | "now" | "hosted">,
  config: ResolvedConfig,
  snapshot: NodeSnapshot,
): NodesReport {
  const presence = deps.memory.part(PRESENCE).current;
  const world = worldNow(deps, config, snapshot);
  return createNodesReport({
    snapshot,
    presence: world.presence,
    history: (node) => presence?.history(node) ?? null,
    agents: agentsByNode(agentIds(deps.hostConfig()), world, deps.memory.part(LAST_NODES)),
    calls: callLoads(deps.memory, config, world.snapshot, deps.now()),
    gatewayPlace: placeOfGateway(config, presence),
    hosting: nodeHosting(deps.memory.part(NODE_READER).last()?.nodes ?? [], deps.hosted?.all()),
    tunnels: tunnelsOf(config, deps.memory.part(TUNNELS).current),
    attributions: presence?.attributions() ?? [],
    nowMs: deps.now(),
  });
}

/** What the config declares stands, also before anything is observed. */
function placeOfGateway({ gateway }: ResolvedConfig, presence: Presence | null): Place | null {
  const declared = gateway.location === null ? null : declaredPlace(gateway.location);
  return declared ?? presence?.gatewayPlace() ?? null;
}
