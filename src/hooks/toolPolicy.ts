// Layer 1: the trusted tool policy. Decides every tool call of a routed agent, and rewrites or refuses it.

import { PLUGIN_CONFIG } from "../config/currentConfig.ts";
import { policyNow } from "../nodeRouter/current/worldNow.ts";
import { carry } from "../nodeRouter/dispatch/dispatch.ts";
import { answerOf, type PolicyResult } from "../nodeRouter/dispatch/hostAnswer.ts";
import { recordCall } from "../nodeRouter/dispatch/recordCall.ts";
import { callOff, giveBack } from "../nodeRouter/dispatch/taking.ts";
import { agentOf, idsOf, type ToolContext, type ToolEvent } from "../nodeRouter/host/events.ts";
import { HOOKS_SEEN } from "../nodeRouter/liveness/liveness.ts";
import type { RouterDeps } from "../nodeRouter/process/deps.ts";
import { CALLS } from "../nodeRouter/state/calls.ts";
import { COUNTERS } from "../nodeRouter/state/counters.ts";
import { catalogEntry, classifyTool, toolId, worksInWorkspace } from "../nodeRouter/toolCatalog/catalog.ts";
import { STRANGE_TOOLS } from "../nodeRouter/toolCatalog/strangeTools.ts";
import { agentText, refusalText } from "../shared/refusal.ts";

/** @param maxWaitMs how long the host lets it wait for a node; absent: as long as the rule says. */
export type ToolPolicy = (
  event: ToolEvent,
  context: ToolContext,
  maxWaitMs?: number,
) => Promise<PolicyResult | undefined>;

/** Code Mode's outer call: its `command` is JavaScript, and every shell command in it comes as a call of its own. */
const CODE_MODE = "code_mode_exec";

/**
 * The policy of this registration. It answers undefined for a call that stays as it is, the complete new parameters
 * for one that is placed, and a block with the agent's words for one that is refused. Never throws.
 */
export function createToolPolicy(deps: RouterDeps): ToolPolicy {
  const log = deps.log.child({ part: "policy" });
  return async (given, context, maxWaitMs) => {
    const event = { ...given, toolName: toolId(given.toolName) };
    const { runId, toolCallId } = idsOf(event, context);
    if (runId !== "") deps.memory.part(HOOKS_SEEN).evaluatedRuns.set(runId, true);
    deps.memory.part(CALLS).begin(runId, toolCallId);
    giveBack(deps.memory, event, context);

    const config = deps.memory.part(PLUGIN_CONFIG).current;
    const agent = agentOf(context);
    if (config === null || agent === null || event.toolKind === CODE_MODE) return undefined;
    const startedAt = deps.now();
    const carried = await carry(deps, config, agent, event, context, maxWaitMs);
    const { decision, consent } = carried;
    const policy = policyNow(deps, config, agent);
    if (classifyTool(event.toolName) === null && carried.refusal === null) {
      if (catalogEntry(event.toolName) === null && policy.isRouted) {
        deps.memory.part(STRANGE_TOOLS).set(`${agent}\0${event.toolName}`, { agent, tool: event.toolName });
      }
      return undefined;
    }
    // A run that started before the hooks were live can end after; once this agent is asked for again, it has them.
    if (event.toolName === "exec") deps.memory.part(HOOKS_SEEN).missedAgents.delete(agent);

    const answer = (params: Record<string, unknown> | null): PolicyResult | undefined => {
      const { toolName: tool, params: asked } = event;
      deps.memory.part(CALLS).answer(runId, toolCallId, { tool, asked, params, consent });
      return params === null ? undefined : answerOf(params, consent);
    };
    // A workspace on a node is the sandbox that the operator chose: there is no other place to leave its tools to.
    const enforced =
      config.mode === "enforce" || (policy.binding === "workspace" && worksInWorkspace(event.toolName));
    const unrecorded = await recordCall(deps, {
      policy,
      carried,
      enforced,
      event,
      context,
      startedAtMs: startedAt,
    });
    if (unrecorded !== null) callOff(deps.memory, event, context);
    if (carried.outcome === "unrouted" && decision.placement === null) return answer(null);
    const refusal = carried.refusal ?? unrecorded;
    const outcome = refusal === null ? carried.outcome : "refused";

    deps.memory.part(COUNTERS)[outcome] += 1;
    log[refusal === null ? "info" : "warn"](
      {
        agent,
        tool: event.toolName,
        rule: decision.rule,
        node: outcome === "placed" ? (decision.placement?.node?.name ?? null) : null,
        runId,
        durationMs: deps.now() - startedAt,
        mode: config.mode,
        ...(refusal === null ? {} : { reason: refusalText(refusal) }),
      },
      outcome,
    );

    if (enforced && refusal !== null) return { block: true, blockReason: agentText(refusal) };
    return answer(enforced ? carried.params : null);
  };
}
