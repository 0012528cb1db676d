// Registers the node's end of the workspace command: inert on a gateway, and on a node until a gateway calls it.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { loadLater } from "../../../../shared/loadLater.ts";
import { defineSlot, type Memory } from "../../../../shared/processMemory.ts";
import { safe, shortened } from "../../../../shared/safeText.ts";
import { type Reply, WORKSPACE_COMMAND } from "../wire.ts";
import type { WorkspaceServer } from "./workspaceServer.ts";

/** Empty in a process that is no node host. */
export const WORKSPACE_SERVER = defineSlot<WorkspaceServer>("workspace-server", 1);

/** What is used of the host's API. */
export type NodeHostApi = Pick<OpenClawPluginApi, "registerNodeHostCommand" | "version">;

/**
 * In a node host OpenClaw prepares each command before it offers it: then, and never later, all of the code is loaded.
 * The gateway registers it too, as it must for a command that nodes offer, and prepares nothing.
 */
export function registerWorkspaceCommand(api: NodeHostApi, memory: Memory): void {
  const slot = memory.part(WORKSPACE_SERVER);
  const prepare = async (): Promise<WorkspaceServer> => {
    const { WorkspaceServer } = await loadLater(() => import("./workspaceServer.ts"));
    slot.current ??= new WorkspaceServer({ version: api.version ?? "unknown" });
    return slot.current;
  };
  api.registerNodeHostCommand({
    command: WORKSPACE_COMMAND,
    // A node host that has no idle hook, or is never idle, is never updated.
    hasActiveWork: () => slot.current?.hasActiveWork ?? false,
    // What it throws would end the node host.
    prepare: async () => void (await prepare().catch(() => null)),
    async handle(paramsJSON, _io, context) {
      const server = slot.current ?? (await prepare().catch(messageOf));
      if (typeof server !== "string") return server.handle(paramsJSON, context);
      const nothing: Reply = { kind: "refused", boot: "", why: "spawn", fact: safe(shortened(server, 300)) };
      return JSON.stringify(nothing);
    },
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
