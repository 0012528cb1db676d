// The service behind src/nodeRouter/liveness/hookWatch.ts, with the host's health reporter and config file.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { outsideCaller } from "../host/callerScope.ts";
import { agentIds } from "../host/hostConfig.ts";
import type { RouterDeps } from "../process/deps.ts";
import { noteEndedRuns } from "../state/endedRuns.ts";
import { watchLiveness } from "./hookWatch.ts";

/** Registers alone: it begins to watch when the gateway starts its services. */
export function registerLivenessService(api: OpenClawPluginApi, deps: RouterDeps): void {
  let stop: (() => void) | null = null;
  let stopNoting: (() => void) | null = null;
  api.registerService({
    id: "node-router",
    start(context) {
      stop?.();
      stopNoting?.();
      stopNoting = api.runtime.events.onAgentEvent(noteEndedRuns(deps.memory, deps.now));
      stop = watchLiveness({
        memory: deps.memory,
        log: deps.log.child({ part: "liveness" }),
        now: deps.now,
        agents: () => agentIds(deps.hostConfig()),
        reportFailure: (error) => context.serviceHealth?.reportFailure(error),
        clearFailure: () => context.serviceHealth?.clearFailure(),
        revive: () => outsideCaller(() => touchOwnEntry(api)),
        hosted: deps.hosted,
        onAgentEvent: (listener) => api.runtime.events.onAgentEvent(listener),
      });
    },
    stop() {
      stop?.();
      stopNoting?.();
      stop = null;
      stopNoting = null;
    },
  });
}

/**
 * A change of the plugin's own entry makes the host register it anew, hooks included. Writing the default
 * mode out, or leaving it out again, changes nothing else.
 */
async function touchOwnEntry(api: OpenClawPluginApi): Promise<void> {
  await api.runtime.config.mutateConfigFile({
    // The file as written: the running config has every default filled in.
    base: "source",
    afterWrite: { mode: "auto" },
    mutate(draft) {
      const entry = draft.plugins?.entries?.["node-router"];
      if (entry === undefined) return;
      const { mode, ...config } = entry.config ?? {};
      if (mode === undefined) entry.config = { ...config, mode: "enforce" };
      else if (mode === "enforce") entry.config = config;
    },
  });
}
