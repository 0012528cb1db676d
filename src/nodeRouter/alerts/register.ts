// Registers alerts with the host as a service; their code loads only where the config asks for them.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import { messageOf } from "../../shared/errors.ts";
import { loadLater } from "../../shared/loadLater.ts";
import type { RouterDeps } from "../process/deps.ts";

/** The service that tells a person in a chat what stays wrong. Registers alone: without `alerts` nothing loads. */
export function registerAlerts(api: OpenClawPluginApi, deps: RouterDeps): void {
  // One that is at work belongs to the config that it was started with.
  let begun = 0;
  let stop: () => void = () => {};
  api.registerService({
    id: "node-router-alerts",
    start() {
      const own = ++begun;
      stop();
      const config = deps.memory.part(PLUGIN_CONFIG).current;
      const settings = config?.alerts ?? null;
      if (config === null || settings === null) return;
      // Not waited for: a start of 5 s makes OpenClaw give up the whole reload.
      loadLater(() => import("./openAlerts.ts"))
        .then(({ openAlerts }) => {
          if (own === begun) stop = openAlerts(api, deps, config, settings);
        })
        .catch((error: unknown) =>
          deps.log.error({ part: "alerts", reason: messageOf(error) }, "nobody is told in a chat"),
        );
    },
    stop() {
      begun++;
      stop();
      stop = () => {};
    },
  });
}
