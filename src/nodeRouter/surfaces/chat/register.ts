// The slash commands: `/nodes` for everybody whom the host lets give commands in a chat, the others for administrators.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { PLUGIN_CONFIG } from "../../../config/currentConfig.ts";
import { messageOf } from "../../../shared/errors.ts";
import { loadLater } from "../../../shared/loadLater.ts";
import { safe } from "../../../shared/safeText.ts";
import { PEERS } from "../../delegation/peers/knownPeers.ts";
import { currentSnapshot, lastSnapshot } from "../../inventory/currentSnapshot.ts";
import { JOBS } from "../../jobs/jobs.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { currentNodesReport } from "../reports/currentNodesReport.ts";
import type { CordonCommand } from "./cordonReply.ts";

/**
 * `/nodes`; a client of the gateway needs `operator.read` besides. `/cordon`, `/uncordon`, `/drain`: the host asks such a
 * client for the scope of the gateway methods of these names, and wants the owner in any other chat.
 */
export function registerSlashCommands(api: OpenClawPluginApi, deps: RouterDeps): void {
  api.registerCommand({
    name: "nodes",
    description: "Nodes with state, place, round trip and the agents that work there",
    requireAuth: true,
    handler: async ({ gatewayClientScopes }) => ({
      text: mayLook(gatewayClientScopes)
        ? await answerNodes(deps)
        : "/nodes needs the scope operator.read, which this client does not have.",
    }),
  });
  for (const [name, description] of CORDON_COMMANDS) {
    api.registerCommand({
      name,
      description,
      acceptsArgs: true,
      requireAuth: true,
      requiredScopes: ["operator.admin"],
      handler: async ({ args, senderId, channel }) => {
        const { cordonReply } = await loadLater(() => import("./cordonReply.ts"));
        const caller = senderId === undefined ? channel : `${senderId} in ${channel}`;
        return { text: await cordonReply(deps, name, args ?? "", caller) };
      },
    });
  }
}

const CORDON_COMMANDS: readonly (readonly [CordonCommand, string])[] = [
  ["cordon", "Keep new calls away from a node: /cordon mac-sg for 2h the disk is full"],
  ["uncordon", "Let calls come to a node again: /uncordon mac-sg"],
  ["drain", "The same as /cordon, and what still runs there and holds the node: /drain mac-sg"],
];

/** The host's own `node.list` asks for the first; each of the others includes it. */
const LOOK_SCOPES = ["operator.read", "operator.write", "operator.admin"];

/** @param scopes of a gateway client; undefined in a chat, where the host has let the sender give commands. */
function mayLook(scopes: readonly string[] | undefined): boolean {
  return scopes === undefined || scopes.some((scope) => LOOK_SCOPES.includes(scope));
}

/** Never throws: in a chat there is nobody to catch it. */
export async function answerNodes(deps: RouterDeps): Promise<string> {
  const config = deps.memory.part(PLUGIN_CONFIG).current;
  if (config === null) return "node-router is not configured.";
  try {
    // Not everybody who may ask here may list the gateway's nodes; what was read last is told then, with its age.
    const snapshot = await currentSnapshot(deps, config, 0).catch(() => lastSnapshot(deps, config));
    await deps.memory.part(JOBS).ready();
    const { nodesReply } = await loadLater(() => import("./nodesReply.ts"));
    const report = currentNodesReport(deps, config, snapshot);
    return nodesReply(report, deps.now(), deps.memory.part(PEERS).current?.known());
  } catch (error) {
    return safe(`node-router could not tell: ${messageOf(error)}`);
  }
}
