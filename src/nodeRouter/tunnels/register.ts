// Registers the tunnels with the host as a service; their code loads with the first tunnel of the config.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import { type ResolvedConfig, resolveConfig } from "../../config/resolve.ts";
import { messageOf } from "../../shared/errors.ts";
import { loadLater } from "../../shared/loadLater.ts";
import type { RouterDeps } from "../process/deps.ts";
import { gatewayDoor } from "./gatewayDoor.ts";
import { TUNNELS, type TunnelNeeds } from "./tunnelStatus.ts";

/** The service that keeps the tunnels while the gateway runs, also across a reload. Registers alone: it opens nothing. */
export function registerTunnels(api: Pick<OpenClawPluginApi, "registerService">, deps: RouterDeps): void {
  const { memory } = deps;
  const tunnels = memory.part(TUNNELS);
  const config = (): ResolvedConfig => memory.part(PLUGIN_CONFIG).current ?? resolveConfig({});
  const door: TunnelNeeds["door"] = () =>
    gatewayDoor({ hostConfig: deps.hostConfig(), variables: process.env, arguments: process.argv });
  const needs: TunnelNeeds = { config, door, log: deps.log.child({ part: "tunnels" }) };
  let isStarted = false;

  const load = async (): Promise<void> => {
    const { createTunnelKeeper } = await loadLater(() => import("./keepTunnels.ts"));
    if (!isStarted) return;
    tunnels.current ??= createTunnelKeeper(needs);
    tunnels.current.use(needs);
  };

  api.registerService({
    id: "node-router-tunnels",
    start() {
      isStarted = true;
      if (tunnels.current !== null) tunnels.current.use(needs);
      else if ([...config().nodes.values()].some(({ tunnelPort }) => tunnelPort !== null)) {
        // Not waited for: a start of 5 s makes OpenClaw give up the whole reload.
        void load().catch((error: unknown) => {
          needs.log.error({ reason: messageOf(error) }, "no tunnel is kept");
        });
      }
    },
    stop() {
      isStarted = false;
      tunnels.current?.release(needs);
    },
  });
}
