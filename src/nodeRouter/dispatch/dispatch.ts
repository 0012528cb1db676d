// One call from the host's event to the parameters that the host is told: what is known, the decision, its carrying out.
import type { ResolvedConfig } from "../../config/resolve.ts";
import { messageOf, NodeRouterError } from "../../shared/errors.ts";
import { refusal } from "../../shared/refusal.ts";
import { mayCloseNodes } from "../current/closing.ts";
import { remember } from "../current/placeSession.ts";
import { policyNow, worldNow } from "../current/worldNow.ts";
import type { ToolContext, ToolEvent } from "../host/events.ts";
import { isOpenClawExec } from "../host/harness.ts";
import { decidedNow, lastSnapshot } from "../inventory/currentSnapshot.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import type { AgentPolicy } from "../policy/agentPolicy.ts";
import type { Call, CallSession, Decision } from "../policy/callDecision.ts";
import { decide, faultDecision, needsFreshNodes } from "../policy/decide.ts";
import type { RouterDeps } from "../process/deps.ts";
import { LAST_NODES } from "../state/lastNodes.ts";
import { SESSION_NODES } from "../state/sessionNodes.ts";
import { classifyTool, worksInWorkspace } from "../toolCatalog/catalog.ts";
import { type Applied, applied, notApplied } from "./applied.ts";
import { applyPlacement } from "./overNode.ts";
import { applyInput, applyWorkspace } from "./toWorkspace.ts";

/** One call, carried as far as the policy can. */
export interface Carried extends Applied {
  readonly outcome: "placed" | "refused" | "unrouted";
  readonly decision: Decision;
}

/** Decides the call and carries it out. A fault on the way is a refusal, unless the call is none of ours. Never throws. */
export async function carry(
  deps: RouterDeps,
  config: ResolvedConfig,
  agent: string,
  event: ToolEvent,
  context: ToolContext,
): Promise<Carried> {
  const policy = policyNow(deps, config, agent);
  try {
    // When the host cannot say how the agent is set up, nothing is decided as if it were set up in no way.
    deps.hostConfig();
    const call = await callOf(deps, policy, event, context);
    const decideFrom = (snapshot: NodeSnapshot): Decision => {
      // Asked last: another call of the session may have moved it meanwhile.
      const kept = deps.memory.part(SESSION_NODES).get(call.session.key);
      const now = { ...call, session: { ...call.session, kept } };
      return decide(policy, now, worldNow(deps, config, snapshot), deps.memory.part(LAST_NODES));
    };
    const decision = needsFreshNodes(policy, call, mayCloseNodes(deps.memory, config))
      ? await decidedNow(deps, config, decideFrom, ({ kind }) => kind === "refuse")
      : decideFrom(lastSnapshot(deps, config));
    return await carryOut(deps, decision, event, context);
  } catch (error) {
    const fault =
      error instanceof NodeRouterError
        ? error.refusal
        : refusal("INVENTORY_UNAVAILABLE", `the call could not be placed: ${messageOf(error)}`);
    const decision = faultDecision(policy, event.toolName, fault);
    return isOurs(policy, event.toolName, mayCloseNodes(deps.memory, config))
      ? carried(decision, notApplied(fault))
      : left(decision, null);
  }
}

/** Whether a fault must refuse the call: nothing that a rule, or a workspace on a node, speaks for runs on a guess. */
function isOurs(policy: AgentPolicy, tool: string, closes: boolean): boolean {
  const known = classifyTool(tool);
  if (known === null) return policy.mustBePlaced;
  // Of exec the node is looked at once more before it is sent there; of a node tool it is not.
  const mayBeClosed = known.kind === "node" && closes;
  return policy.isRoutedFor(tool) || policy.binding === "workspace" || mayBeClosed;
}

async function callOf(
  deps: RouterDeps,
  { id, binding }: AgentPolicy,
  event: ToolEvent,
  context: ToolContext,
): Promise<Call> {
  const { toolName: tool, params } = event;
  const key = context.sessionKey ?? "";
  const inWorkspace = binding === "workspace" && worksInWorkspace(tool);
  // After a start the file of the sessions' nodes is read first.
  if (binding === "workspace") await deps.memory.part(SESSION_NODES).ready();
  return {
    tool,
    params,
    rewritable: tool !== "exec" || isOpenClawExec(deps.memory, event, context),
    session: {
      key,
      kept: null,
      facts: inWorkspace ? deps.sessionFacts(id, key) : null,
      hostedOn: tool === "sessions_spawn" ? hostOf(deps, key) : undefined,
    },
  };
}

/** Unreadable records refuse nothing here: a hosted session's own turns are checked again before each. */
function hostOf(deps: RouterDeps, key: string): CallSession["hostedOn"] {
  const record = key === "" ? undefined : deps.hosted?.ofKey(key);
  return record?.ok === true && record.session !== null ? record.session.nodeId : undefined;
}

async function carryOut(
  deps: RouterDeps,
  decision: Decision,
  event: ToolEvent,
  context: ToolContext,
): Promise<Carried> {
  const { agent } = decision;
  switch (decision.kind) {
    case "leave":
      return left(decision, clearedParams(decision.clearHost, event));
    case "refuse":
      return carried(decision, notApplied(decision.refusal));
    case "place":
      if (decision.beside !== null) remember(deps.memory, agent, context.sessionKey ?? "", decision.beside);
      return carried(decision, applyPlacement(deps, decision.placement, event, context, agent));
    case "workspace":
      return carried(decision, await applyWorkspace(deps, decision, event, context));
    case "input":
      if (decision.askedBy === null) return left(decision, null);
      return carried(decision, await applyInput(deps, event, agent, decision.askedBy));
  }
}

function left(decision: Decision, params: Applied["params"]): Carried {
  return { outcome: "unrouted", decision, ...applied(params) };
}

function carried(decision: Decision, result: Applied): Carried {
  return { outcome: result.refusal === null ? "placed" : "refused", decision, ...result };
}

/** `onUnavailable: "gateway"`: the model must not pick a node or host that the rule would not have given. */
function clearedParams(clearHost: boolean, event: ToolEvent): Record<string, unknown> | null {
  if (!clearHost || event.toolName !== "exec") return null;
  const { host: _host, node: _node, ...params } = event.params;
  return params;
}
