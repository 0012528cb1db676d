// Registers the gateway's end of the node command: the policy that lets only our own calls pass, and the service that makes them.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { loadLater } from "../../../../shared/loadLater.ts";
import { agentText, refusalText } from "../../../../shared/refusal.ts";
import { WORKSPACE_COMMAND } from "../wire.ts";
import { NODE_CALLS } from "./nodeCalls.ts";
import type { OpenNodesDeps } from "./openNodes.ts";
import { ownCall } from "./ownCalls.ts";

/** In every mode that has hooks; services start in one of them. Opens nothing before that. */
export function registerNodeTransport(
  api: Pick<OpenClawPluginApi, "registerNodeInvokePolicy" | "registerService" | "runtime">,
  deps: OpenNodesDeps,
): void {
  const calls = deps.memory.part(NODE_CALLS);
  api.registerNodeInvokePolicy({
    commands: [WORKSPACE_COMMAND],
    // Without these the operator would have to allow the command by hand; what a node offers is approved all the same.
    defaultPlatforms: ["linux", "macos", "windows"],
    async handle({ nodeId, params, invokeNode }) {
      const call = ownCall(calls, nodeId, params);
      if (call.isOwn) return invokeNode({ params: call.params });
      deps.log.warn({ node: nodeId }, refusalText(call.refusal));
      return { ok: false, code: call.refusal.code, message: agentText(call.refusal) };
    },
  });

  let unpublish: (() => void) | null = null;
  api.registerService({
    id: "node-router-nodes",
    async start(context) {
      unpublish?.();
      // A host without it reaches no node for a plugin; the transport says so at each command.
      const { invokeNode } = context;
      if (invokeNode === undefined) return;
      const { openNodes } = await loadLater(() => import("./openNodes.ts"));
      unpublish = calls.publish((call) => invokeNode(call));
      openNodes(api.runtime.state.resolveStateDir(), deps);
    },
    stop() {
      unpublish?.();
      unpublish = null;
    },
  });
}
