// Makes the plugin's config of this registration the one that every instance of the process decides by.
import { resolveConfig } from "../../config/resolve.ts";
import { type SharedState, sharedState } from "../process/sharedState.ts";

/** What a registration knows of itself. */
export interface Registration {
  readonly registrationMode: string;
  readonly pluginConfig?: unknown;
}

/**
 * A `full` registration always speaks: it is made for every change of our config. The others carry the same
 * config or an older one, and only speak before the first `full` (a command's own process has none).
 */
export function publishConfig(
  api: Registration,
  state: SharedState = sharedState(),
  nowMs = Date.now(),
): void {
  const isFull = api.registrationMode === "full";
  if (isFull) state.fullRegisteredAtMs = nowMs;
  if (api.registrationMode === "discovery") {
    state.hooksRegisteredAtMs = nowMs;
    state.missedAgents.clear();
  }
  if (isFull || state.config === null) state.config = resolveConfig(api.pluginConfig ?? {});
}
