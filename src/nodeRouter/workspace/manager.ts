// What `openclaw sandbox list` shows of a workspace on a node, and what removing one does: nothing to its files.

import type { SandboxBackend } from "../host/sandboxApi.ts";
import { agentOfKey } from "../host/sessionKey.ts";
import type { SharedState } from "../process/sharedState.ts";

/**
 * The host asks for removal when a sandbox was idle for long (`sandbox.prune`), and for `sandbox recreate`. It
 * thinks of containers that can be made again; the files on a node cannot, so they are never touched.
 */
export function createManager(state: Pick<SharedState, "config" | "workspace">): SandboxBackend["manager"] {
  return {
    async describeRuntime({ entry }) {
      await state.workspace.placements.ready();
      const agent = agentOfKey(entry.sessionKey);
      const latest = agent === null ? null : state.workspace.placements.latestNodeOf(agent);
      const node = latest ?? entry.image;
      const configured = state.config?.nodes.has(node) === true;
      // Nothing has to be started for a workspace to be there.
      return { running: configured, actualConfigLabel: node, configLabelMatch: configured };
    },
    async removeRuntime() {},
  };
}
