// What `openclaw sandbox list` shows of a workspace on a node, and what removing one does: nothing to its files.

import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import type { Memory } from "../../shared/processMemory.ts";
import type { SandboxBackend } from "../host/sandboxApi.ts";
import { agentOfKey } from "../host/sessionKey.ts";
import { SESSION_NODES } from "../state/sessionNodes.ts";

/**
 * The host asks for removal when a sandbox was idle for long (`sandbox.prune`), and for `sandbox recreate`. It
 * thinks of containers that can be made again; the files on a node cannot, so they are never touched.
 */
export function createManager(memory: Memory): SandboxBackend["manager"] {
  return {
    async describeRuntime({ entry }) {
      await memory.part(SESSION_NODES).ready();
      const agent = agentOfKey(entry.sessionKey);
      const latest = agent === null ? null : (memory.part(SESSION_NODES).latestOf(agent)?.node ?? null);
      const node = latest ?? entry.image;
      const configured = memory.part(PLUGIN_CONFIG).current?.nodes.has(node) === true;
      // Nothing has to be started for a workspace to be there.
      return { running: configured, actualConfigLabel: node, configLabelMatch: configured };
    },
    async removeRuntime() {},
  };
}
