// Registers the tunnels with the host as a service; their code loads with the first tunnel of the config.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import { type ResolvedConfig, resolveConfig } from "../../config/resolve.ts";
import { loadLater } from "../../shared/loadLater.ts";
import type { RouterDeps } from "../process/deps.ts";
import { gatewayDoor } from "./gatewayDoor.ts";
import { TUNNELS } from "./tunnelStatus.ts";

/** The service that keeps the tunnels while the gateway runs, also across a reload. Registers alone: it opens nothing. */
export function registerTunnels(api: OpenClawPluginApi, deps: RouterDeps): void {
  const { memory, hostConfig } = deps;
  const tunnels = memory.part(TUNNELS);
  const config = (): ResolvedConfig => memory.part(PLUGIN_CONFIG).current ?? resolveConfig({});
  const door = () =>
    gatewayDoor({ hostConfig: hostConfig(), variables: process.env, arguments: process.argv });
  api.registerService({
    id: "node-router-tunnels",
    async start() {
      const isWanted = [...config().nodes.values()].some(({ tunnelPort }) => tunnelPort !== null);
      if (tunnels.current === null && !isWanted) return;
      const needs = { config, door, log: deps.log.child({ part: "tunnels" }) };
      if (tunnels.current === null) {
        const { createTunnelKeeper } = await loadLater(() => import("./keepTunnels.ts"));
        tunnels.current ??= createTunnelKeeper(needs);
      }
      tunnels.current.use(needs);
    },
    stop: () => tunnels.current?.release(),
  });
}
