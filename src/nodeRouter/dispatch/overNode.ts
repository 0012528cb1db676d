// Carries a placement into a call: the complete parameters the host is told, and the record of the call.

import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import { type Refusal, refusal } from "../../shared/refusal.ts";
import { idsOf, type ToolContext, type ToolEvent } from "../host/events.ts";
import { lastSnapshot } from "../inventory/currentSnapshot.ts";
import { JOBS } from "../jobs/jobs.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import type { RouterDeps } from "../process/deps.ts";
import { CALLS } from "../state/calls.ts";
import { LAST_NODES } from "../state/lastNodes.ts";
import { classifyTool } from "../toolCatalog/catalog.ts";
import { rewriteExec } from "./nodeExecParams.ts";
import { rewriteNodeTool } from "./nodeToolParams.ts";

export interface Applied {
  readonly refusal: Refusal | null;
  /** The complete new parameters; null when there is nothing to change. */
  readonly params: Record<string, unknown> | null;
}

/** Rewrites the call for `decision.node` and records it; a refusal when it cannot be carried out there. */
export function applyPlacement(
  deps: RouterDeps,
  decision: PlacementDecision,
  event: ToolEvent,
  context: ToolContext,
  agent: string,
): Applied {
  const { node } = decision;
  const config = deps.memory.part(PLUGIN_CONFIG).current;
  const jobs = deps.memory.part(JOBS);
  const calls = deps.memory.part(CALLS);
  if (node === null || node.nodeId === null || config === null) {
    const fact = `rule "${decision.rule}" placed the call on a node without an id`;
    return refused(refusal("NO_NODE_FITS", fact, { advice: 'run "openclaw node-router doctor"' }));
  }

  const rewrite =
    classifyTool(event.toolName)?.kind === "exec"
      ? rewriteExec({
          params: event.params,
          node,
          gatewayWorkspace: deps.agentWorkspace(agent),
          home: deps.home,
          jobId: jobs.newId(),
        })
      : rewriteNodeTool({
          tool: event.toolName,
          params: event.params,
          decision,
          snapshot: lastSnapshot(deps, config),
        });
  if (!rewrite.ok) return refused(rewrite.refusal);
  // In shadow mode too: what is logged is then what enforcing would do.
  if (rewrite.nodeId === node.nodeId) deps.memory.part(LAST_NODES).set(agent, decision.rule ?? "", node.name);
  if (config.mode === "shadow") return { refusal: null, params: null };

  calls.add({
    ...idsOf(event, context),
    sessionKey: context.sessionKey ?? "",
    agent,
    tool: event.toolName,
    decision,
    nodeId: rewrite.nodeId,
    jobId: rewrite.jobId,
    workspaceCallId: null,
    notes: rewrite.notes,
  });
  if (rewrite.jobId !== null) {
    jobs.add({
      jobId: rewrite.jobId,
      agent,
      nodeId: rewrite.nodeId,
      nodeName: node.name,
      startedAtMs: deps.now(),
      offset: 0,
    });
  }
  return { refusal: null, params: rewrite.params };
}

function refused(why: Refusal): Applied {
  return { refusal: why, params: null };
}
