// Makes the plugin's config of this registration the one that every instance of the process decides by.
import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import { resolveConfig } from "../../config/resolve.ts";
import type { Memory } from "../../shared/processMemory.ts";

/** What a registration knows of itself. */
export interface Registration {
  readonly registrationMode: string;
  readonly pluginConfig?: unknown;
}

/**
 * A `full` registration always speaks: it is made for every change of our config. The others carry the same
 * config or an older one, and only speak before the first `full` (a command's own process has none).
 */
export function publishConfig(api: Registration, memory: Memory): void {
  const config = memory.part(PLUGIN_CONFIG);
  if (api.registrationMode === "full" || config.current === null) {
    config.current = resolveConfig(api.pluginConfig ?? {});
  }
}
