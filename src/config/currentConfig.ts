// The config that every instance of the plugin in this process decides by.
import { defineSlot } from "../shared/processMemory.ts";
import type { ResolvedConfig } from "./resolve.ts";

/** What the newest registration was configured with; empty before the first. */
export const PLUGIN_CONFIG = defineSlot<ResolvedConfig>("plugin-config", 1);
