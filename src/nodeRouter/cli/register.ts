import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
export function registerCommands(_api: OpenClawPluginApi): void {}
