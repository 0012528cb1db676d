// The slash command `/nodes`, for everybody whom the host lets give commands in a chat.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { PLUGIN_CONFIG } from "../../../config/currentConfig.ts";
import { messageOf } from "../../../shared/errors.ts";
import { loadLater } from "../../../shared/loadLater.ts";
import { safe } from "../../../shared/safeText.ts";
import { currentSnapshot, lastSnapshot } from "../../inventory/currentSnapshot.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { currentNodesReport } from "../reports/currentNodesReport.ts";

/** `/nodes`. A client of the gateway needs `operator.read` besides. */
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
}

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
    const { nodesReply } = await loadLater(() => import("./nodesReply.ts"));
    return nodesReply(currentNodesReport(deps, config, snapshot), deps.now());
  } catch (error) {
    return safe(`node-router could not tell: ${messageOf(error)}`);
  }
}
