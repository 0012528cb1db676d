// Tells an agent whose workspace is on a node which machine that is. Only where the operator granted prompt access.
import { resolve } from "node:path";
import { PLUGIN_CONFIG } from "../config/currentConfig.ts";
import { placeSession } from "../nodeRouter/current/placeSession.ts";
import { agentOf, type ToolContext } from "../nodeRouter/host/events.ts";
import { bindingOf } from "../nodeRouter/host/hostConfig.ts";
import { presenceRecords } from "../nodeRouter/inventory/currentSnapshot.ts";
import type { RouterDeps } from "../nodeRouter/process/deps.ts";
import { SSH_TRANSPORT } from "../nodeRouter/transports/transport.ts";
import { PERSONA } from "../nodeRouter/workspace/persona/bindings.ts";
import { held } from "../presence/facts.ts";
import { messageOf } from "../shared/errors.ts";
import { promptLine } from "./workspacePrompt.ts";

/** What presence knows; null: nothing of the system. */
function observedInfo(deps: RouterDeps, node: string): Parameters<typeof promptLine>[2] {
  const { os, arch, shell } = presenceRecords(deps).get(node)?.facts ?? {};
  const system = held(os);
  return system === null ? null : { os: system, arch: held(arch) ?? "", shell: held(shell) ?? "" };
}

/**
 * For `before_prompt_build`: text at the end of the system prompt, which is the same turn for turn. A node that cannot be
 * chosen leaves the prompt alone: the calls say why.
 */
export function createPromptLine(deps: RouterDeps) {
  const log = deps.log.child({ part: "prompt" });
  return async (
    _event: unknown,
    context: ToolContext,
  ): Promise<{ appendSystemContext: string } | undefined> => {
    const agent = agentOf(context);
    if (deps.memory.part(PLUGIN_CONFIG).current === null || agent === null) return undefined;
    try {
      if (bindingOf(deps.hostConfig(), agent) !== "workspace") return undefined;
      const placed = await placeSession(deps, agent, context.sessionKey ?? "");
      if (!placed.ok) return undefined;
      const { node, via } = placed;
      const info = deps.memory.part(SSH_TRANSPORT).current?.info(node.name) ?? observedInfo(deps, node.name);
      const folder = deps.agentWorkspace(agent);
      const isBound = folder !== null && deps.memory.part(PERSONA).bound.has(resolve(folder));
      return { appendSystemContext: promptLine(node, via.over, info, isBound ? "node" : "gateway") };
    } catch (error) {
      log.debug({ agent, reason: messageOf(error) }, "no prompt line");
      return undefined;
    }
  };
}
