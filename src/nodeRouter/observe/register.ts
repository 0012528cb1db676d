// Registers presence with the host as a service; its code loads when the host starts it.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { loadLater } from "../../shared/loadLater.ts";
import type { RouterDeps } from "../process/deps.ts";
import type { Running } from "./openPresence.ts";

/** The service that observes the nodes while the gateway runs. Registers alone: it opens nothing before it starts. */
export function registerPresence(api: OpenClawPluginApi, deps: RouterDeps): void {
  let running: Promise<Running> | null = null;
  const stop = async (): Promise<void> => {
    const ending = running;
    running = null;
    // One that could not start has nothing to stop, and its start has told why.
    await (await ending?.catch(() => null))?.stop();
  };
  api.registerService({
    id: "node-router-presence",
    async start() {
      await stop();
      running = loadLater(() => import("./openPresence.ts")).then(({ startPresence }) =>
        startPresence(api, deps),
      );
      await running;
    },
    stop,
  });
}
