// Registers presence with the host as a service; its code loads when the host starts it.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { messageOf } from "../../shared/errors.ts";
import { loadLater } from "../../shared/loadLater.ts";
import { PATIENCE_MS, settles } from "../../shared/patience.ts";
import type { RouterDeps } from "../process/deps.ts";
import type { Running } from "./openPresence.ts";

interface Beginning {
  readonly abort: AbortController;
  /** Null when it was stopped before it began. */
  readonly running: Promise<Running | null>;
}

/**
 * The service that observes the nodes while the gateway runs. Registers alone: it opens nothing before it starts.
 * @param patienceMs so long a start or an end is waited for.
 */
export function registerPresence(api: OpenClawPluginApi, deps: RouterDeps, patienceMs = PATIENCE_MS): void {
  let current: Beginning | null = null;
  const end = async (): Promise<void> => {
    const ending = current;
    current = null;
    ending?.abort.abort();
    // One that could not start has nothing to stop, and its start has told why.
    await (await ending?.running.catch(() => null))?.stop();
  };
  api.registerService({
    id: "node-router-presence",
    async start() {
      const before = end();
      const abort = new AbortController();
      const running = before
        .then(() => loadLater(() => import("./openPresence.ts")))
        .then(({ startPresence }) => startPresence(api, deps, abort.signal));
      current = { abort, running };
      if (await settles(running, patienceMs)) return;
      running.catch((error: unknown) =>
        deps.log.error({ part: "presence", reason: messageOf(error) }, "the nodes are not observed"),
      );
    },
    async stop() {
      await settles(end(), patienceMs);
    },
  });
}
