// One call from the host's event to the parameters that the host is told: what is known, the decision, its carrying out.
import type { ResolvedConfig } from "../../config/resolve.ts";
import { messageOf, NodeRouterError } from "../../shared/errors.ts";
import { refusal, refusalText } from "../../shared/refusal.ts";
import { roughDuration } from "../../shared/roughDuration.ts";
import { fullFor } from "../current/callLoad.ts";
import { mayCloseNodes } from "../current/closing.ts";
import { remember } from "../current/placeSession.ts";
import { type Waited, waitForNode, wakeWaiting } from "../current/waiting.ts";
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
import { giveBack, take } from "./taking.ts";
import { applyInput, applyWorkspace } from "./toWorkspace.ts";

/** One call, carried as far as the policy can. */
export interface Carried extends Applied {
  readonly outcome: "placed" | "refused" | "unrouted";
  readonly decision: Decision;
}

/**
 * Decides the call and carries it out. A fault on the way is a refusal, unless the call is none of ours. Never throws.
 * @param maxWaitMs how long the host lets the caller wait.
 */
export async function carry(
  deps: RouterDeps,
  config: ResolvedConfig,
  agent: string,
  event: ToolEvent,
  context: ToolContext,
  maxWaitMs = Number.POSITIVE_INFINITY,
): Promise<Carried> {
  const policy = policyNow(deps, config, agent);
  const { memory } = deps;
  try {
    // When the host cannot say how the agent is set up, nothing is decided as if it were set up in no way.
    deps.hostConfig();
    const call = await callOf(deps, policy, event, context);
    await memory.part(LAST_NODES).stuck.ready();
    const decideBy = (by: ResolvedConfig, snapshot: NodeSnapshot): Decision => {
      // Asked last: another call of the session may have moved it meanwhile.
      const kept = memory.part(SESSION_NODES).get(call.session.key);
      const now = { ...call, session: { ...call.session, kept } };
      const policyBy = policyNow(deps, by, agent);
      const decision = decide(policyBy, now, worldNow(deps, by, snapshot), memory.part(LAST_NODES));
      take(memory, by, policyBy, decision, event, context);
      return decision;
    };
    const decideFrom = (snapshot: NodeSnapshot): Decision => {
      wakeWaiting(deps);
      return decideBy(config, snapshot);
    };
    const first = needsFreshNodes(policy, call, mayCloseNodes(memory, config))
      ? await decidedNow(deps, config, decideFrom, ({ kind }) => kind === "refuse")
      : decideFrom(lastSnapshot(deps, config));
    // Of a call that goes on elsewhere all the same nothing is held up.
    const isShadow = config.mode === "shadow" && policy.binding === "exec";
    const mayWait = isShadow ? 0 : maxWaitMs;
    const { decided, waitedMs } = await inTime(deps, first, decideBy, event, context, mayWait);
    const result = await carryOut(deps, decided, event, context, waitedMs);
    if (result.outcome !== "placed") giveBack(memory, event, context);
    return result;
  } catch (error) {
    giveBack(memory, event, context);
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

/** The decision, or the one that it becomes while the call waits, where its rule says that it may. */
async function inTime(
  deps: RouterDeps,
  first: Decision,
  decide: (config: ResolvedConfig, snapshot: NodeSnapshot) => Decision,
  { toolName: tool }: ToolEvent,
  { abortSignal: signal }: ToolContext,
  maxWaitMs: number,
): Promise<Waited<Decision>> {
  const waitMs = (decision: Decision): number | undefined => {
    const ms = decision.kind === "refuse" ? decision.waitMs : undefined;
    return ms === undefined ? undefined : Math.min(ms, maxWaitMs);
  };
  const full = ({ placement }: Decision) => fullFor(placement);
  const longest = waitMs(first) ?? 0;
  if (first.kind !== "refuse" || longest === 0) return { decided: first, waitedMs: 0 };
  const { agent, rule, refusal: why } = first;
  deps.log.info({ agent, tool, rule, waitMs: longest, reason: refusalText(why) }, "waits for a node");
  const waited = await waitForNode(deps, first, { agent, tool, decide, waitMs, full, signal });
  const { decided, waitedMs } = waited;
  if (signal?.aborted === true) {
    const fact = "the call was cancelled while it waited for a node";
    return { decided: { ...first, refusal: refusal("NOT_STARTED", fact) }, waitedMs };
  }
  if (decided.kind !== "refuse") return waited;
  if (waited.isCutShort === true) {
    const fact = "the call waited for a node, and OpenClaw is loading node-router or its config anew";
    return { decided: { ...decided, refusal: refusal("NOT_STARTED", fact) }, waitedMs };
  }
  const fact = `${decided.refusal.fact}; it waited ${roughDuration(waitedMs)}`;
  return { decided: { ...decided, refusal: { ...decided.refusal, fact } }, waitedMs };
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
  waitedMs: number,
): Promise<Carried> {
  const { agent } = decision;
  const notes = waitedMs === 0 ? [] : [`waited ${roughDuration(waitedMs)} for a node`];
  switch (decision.kind) {
    case "leave":
      return left(decision, clearedParams(decision.clearHost, event));
    case "refuse":
      return carried(decision, notApplied(decision.refusal));
    case "place":
      if (decision.beside !== null) remember(deps.memory, agent, context.sessionKey ?? "", decision.beside);
      return asPlaced(decision, await applyPlacement(deps, decision.placement, event, context, agent, notes));
    case "workspace":
      return carried(decision, await applyWorkspace(deps, decision, event, context, notes));
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

function asPlaced(decision: Extract<Decision, { kind: "place" }>, result: Applied): Carried {
  const { placement = decision.placement } = result;
  return carried({ ...decision, placement }, result);
}

/** `onUnavailable: "gateway"`: the model must not pick a node or host that the rule would not have given. */
function clearedParams(clearHost: boolean, event: ToolEvent): Record<string, unknown> | null {
  if (!clearHost || event.toolName !== "exec") return null;
  const { host: _host, node: _node, ...params } = event.params;
  return params;
}
