// One call through router and placement: what is decided about it, in the parameters that the host is told.

import type { ResolvedConfig } from "../../config/resolve.ts";
import { messageOf, NodeRouterError } from "../../shared/errors.ts";
import type { Binding } from "../../shared/types.ts";
import type { ToolContext, ToolEvent } from "../host/events.ts";
import { isOpenClawExec } from "../host/harness.ts";
import { bindingOf } from "../host/hostConfig.ts";
import { currentSnapshot, lastSnapshot } from "../inventory/currentSnapshot.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import { besideWorkspace, type NodeToolPlace } from "../policy/besideWorkspace.ts";
import { decideCall, faultVerdict, isRouted, needsSnapshot, type Verdict } from "../policy/router.ts";
import { placeWorkspace } from "../policy/session.ts";
import type { RouterDeps } from "../process/deps.ts";
import type { Consent } from "../state/calls.ts";
import { LAST_NODES } from "../state/lastNodes.ts";
import { bindingFor } from "../toolCatalog/catalog.ts";
import { applyPlacement } from "./overNode.ts";
import { applyWorkspace } from "./toWorkspace.ts";

/** One call, carried as far as the policy can. */
export interface Carried {
  readonly outcome: "placed" | "refused" | "unrouted";
  readonly decision: PlacementDecision | null;
  readonly refusal: string | null;
  /** The complete new parameters; null when there is nothing to change. */
  readonly params: Record<string, unknown> | null;
  readonly consent: Consent | null;
}

/** Decides the call. A fault on the way is a refusal, unless the call is none of ours. Never throws. */
export async function carry(
  deps: RouterDeps,
  config: ResolvedConfig,
  agent: string,
  event: ToolEvent,
  context: ToolContext,
): Promise<{ readonly binding: Binding; readonly carried: Carried }> {
  let binding: Binding = "exec";
  try {
    binding = bindingOf(deps.hostConfig(), agent);
    const snapshot: NodeSnapshot =
      bindingFor(event.toolName, binding) === "exec" && needsSnapshot(config, agent, event.toolName)
        ? await currentSnapshot(deps, config)
        : lastSnapshot(deps, config);
    const verdict = decideCall(
      config,
      {
        agent,
        tool: event.toolName,
        params: event.params,
        binding,
        rewritable: event.toolName !== "exec" || isOpenClawExec(deps.memory, event, context),
      },
      snapshot,
      deps.memory.part(LAST_NODES),
    );
    return { binding, carried: await carryOut(deps, config, verdict, agent, binding, event, context) };
  } catch (error) {
    if (binding === "exec" && !isRouted(config, agent, event.toolName)) {
      return { binding, carried: left(null, null) };
    }
    const fault =
      error instanceof NodeRouterError
        ? error
        : new NodeRouterError("INVENTORY_UNAVAILABLE", `the call could not be placed: ${messageOf(error)}`, {
            cause: error,
          });
    return { binding, carried: refusedWith(null, faultVerdict(fault).message) };
  }
}

async function carryOut(
  deps: RouterDeps,
  config: ResolvedConfig,
  verdict: Verdict,
  agent: string,
  binding: Binding,
  event: ToolEvent,
  context: ToolContext,
): Promise<Carried> {
  switch (verdict.kind) {
    case "leave":
      return left(verdict.decision, clearedParams(verdict.clearHost, event));
    case "refuse":
      return refusedWith(verdict.decision, verdict.message);
    case "place": {
      const place: NodeToolPlace =
        binding === "workspace"
          ? besideWorkspace(
              verdict.decision,
              await placeWorkspace(deps, agent, context.sessionKey ?? ""),
              lastSnapshot(deps, config),
            )
          : { ok: true, decision: verdict.decision };
      if (!place.ok) return refusedWith(verdict.decision, place.message);
      const { refusal, params } = applyPlacement(deps, place.decision, event, context, agent);
      if (refusal !== null) return refusedWith(place.decision, refusal);
      return { outcome: "placed", decision: place.decision, refusal, params, consent: null };
    }
    case "workspace": {
      const applied = await applyWorkspace(deps, event, context, agent);
      if (applied.refusal !== null) return refusedWith(applied.decision, applied.refusal);
      // Input goes where its command is, without anybody placing it.
      const isUnasked = event.toolName === "process" && applied.consent === null;
      return isUnasked ? left(null, null) : { outcome: "placed", ...applied };
    }
  }
}

function left(decision: PlacementDecision | null, params: Record<string, unknown> | null): Carried {
  return { outcome: "unrouted", decision, refusal: null, params, consent: null };
}

function refusedWith(decision: PlacementDecision | null, refusal: string): Carried {
  return { outcome: "refused", decision, refusal, params: null, consent: null };
}

/** `onUnavailable: "gateway"`: the model must not pick a node or host that the rule would not have given. */
function clearedParams(clearHost: boolean, event: ToolEvent): Record<string, unknown> | null {
  if (!clearHost || event.toolName !== "exec") return null;
  const { host: _host, node: _node, ...params } = event.params;
  return params;
}
