// `openclaw node-router …`: commander wiring only.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { loadLater } from "../../../shared/loadLater.ts";

const NAME = "node-router";
const DESCRIPTION = "Show, explain and check on which node agents' tool calls run";

/** Tells the host the name alone; the commands are loaded when one of them is used. */
export function registerCommands(api: OpenClawPluginApi): void {
  api.registerCli(
    async ({ program, config }) => {
      const { buildCommands } = await loadLater(() => import("./program.ts"));
      await buildCommands(program, NAME, DESCRIPTION, () => config);
    },
    { descriptors: [{ name: NAME, description: DESCRIPTION, hasSubcommands: true }] },
  );
}
