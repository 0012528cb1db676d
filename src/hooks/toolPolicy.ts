// Layer 1: the trusted tool policy. Decides every tool call of a routed agent, and rewrites or refuses it.
import type { ResolvedConfig } from "../config/resolve.ts";
import { messageOf, NodeRouterError } from "../errors.ts";
import { currentSnapshot, lastSnapshot } from "../nodeRouter/currentSnapshot.ts";
import type { RouterDeps } from "../nodeRouter/deps.ts";
import { bindingOf } from "../nodeRouter/hostConfig.ts";
import { firstRule } from "../nodeRouter/placement/ruleIndex.ts";
import type { NodeSnapshot } from "../nodeRouter/placement/snapshot.ts";
import { decideCall, faultVerdict, isRouted, needsSnapshot, type Verdict } from "../nodeRouter/router.ts";
import { classifyTool } from "../nodeRouter/toolCatalog.ts";
import { applyPlacement, type PolicyResult } from "./applyPlacement.ts";
import { agentOf, idsOf, type ToolContext, type ToolEvent } from "./events.ts";
import { isOpenClawExec } from "./harness.ts";

export type ToolPolicy = (event: ToolEvent, context: ToolContext) => Promise<PolicyResult | undefined>;

/** Code Mode's outer call: its `command` is JavaScript, and every shell command in it comes as a call of its own. */
const CODE_MODE = "code_mode_exec";

export function createToolPolicy(deps: RouterDeps): ToolPolicy {
  const log = deps.log.child({ part: "policy" });
  return async (event, context) => {
    const { runId, toolCallId } = idsOf(event, context);
    if (runId !== "") deps.state.evaluatedRuns.set(runId, true);
    deps.state.calls.begin(runId, toolCallId);

    const { config } = deps.state;
    const agent = agentOf(context);
    if (config === null || agent === null || event.toolKind === CODE_MODE) return undefined;
    if (classifyTool(event.toolName) === null) return undefined;
    // A run that started before the hooks were live can end after; once this agent is asked for again, it has them.
    if (event.toolName === "exec") deps.state.missedAgents.delete(agent);

    const startedAt = deps.now();
    const verdict = await verdictFor(deps, config, agent, event, context);
    const rule = verdict.decision?.rule ?? null;
    const answer = (params: Record<string, unknown> | null): PolicyResult | undefined => {
      deps.state.calls.answer(runId, toolCallId, { tool: event.toolName, asked: event.params, params });
      return params === null ? undefined : { params: { ...params } };
    };
    if (verdict.kind === "leave" && rule === null) return answer(null);

    const applied =
      verdict.kind === "place" ? applyPlacement(deps, verdict.decision, event, context, agent) : null;
    const refusal = verdict.kind === "refuse" ? verdict.message : (applied?.refusal ?? null);
    const outcome = refusal !== null ? "refused" : verdict.kind === "place" ? "placed" : "unrouted";
    deps.state.counters[outcome] += 1;
    log[refusal === null ? "info" : "warn"](
      {
        agent,
        tool: event.toolName,
        rule: rule ?? firstRule(config.rules, agent, event.toolName)?.name ?? null,
        node: outcome === "placed" ? (verdict.decision?.node?.name ?? null) : null,
        runId,
        durationMs: deps.now() - startedAt,
        mode: config.mode,
        ...(refusal === null ? {} : { reason: refusal }),
      },
      outcome,
    );

    const enforced = config.mode === "enforce";
    if (enforced && refusal !== null) return { block: true, blockReason: refusal };
    return answer(enforced ? (applied?.params ?? clearedParams(verdict, event)) : null);
  };
}

async function verdictFor(
  deps: RouterDeps,
  config: ResolvedConfig,
  agent: string,
  event: ToolEvent,
  context: ToolContext,
): Promise<Verdict> {
  try {
    const snapshot: NodeSnapshot = needsSnapshot(config, agent, event.toolName)
      ? await currentSnapshot(deps, config)
      : lastSnapshot(deps, config);
    const request = {
      agent,
      tool: event.toolName,
      params: event.params,
      binding: bindingOf(deps.hostConfig(), agent),
      rewritable: event.toolName !== "exec" || isOpenClawExec(deps.state, event, context),
    };
    return decideCall(config, request, snapshot);
  } catch (error) {
    if (!isRouted(config, agent, event.toolName)) return { kind: "leave", decision: null, clearHost: false };
    return faultVerdict(
      error instanceof NodeRouterError
        ? error
        : new NodeRouterError("INVENTORY_UNAVAILABLE", `the call could not be placed: ${messageOf(error)}`, {
            cause: error,
          }),
    );
  }
}

/** `onUnavailable: "gateway"`: the model must not pick a node or host that the rule would not have given. */
function clearedParams(verdict: Verdict, event: ToolEvent): Record<string, unknown> | null {
  if (verdict.kind !== "leave" || !verdict.clearHost || event.toolName !== "exec") return null;
  const { host: _host, node: _node, ...params } = event.params;
  return params;
}
