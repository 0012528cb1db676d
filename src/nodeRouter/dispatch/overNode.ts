// Carries a placement into a call: the complete parameters the host is told, and the record of the call.
import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import { refusal } from "../../shared/refusal.ts";
import { policyNow } from "../current/worldNow.ts";
import { idsOf, type ToolContext, type ToolEvent } from "../host/events.ts";
import { lastSnapshot } from "../inventory/currentSnapshot.ts";
import { JOBS } from "../jobs/jobs.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import type { RouterDeps } from "../process/deps.ts";
import { CALLS } from "../state/calls.ts";
import { LAST_NODES } from "../state/lastNodes.ts";
import { classifyTool } from "../toolCatalog/catalog.ts";
import { type Applied, applied, notApplied } from "./applied.ts";
import { rewriteExec } from "./nodeExecParams.ts";
import { rewriteNodeTool } from "./nodeToolParams.ts";
import { giveBack, moveNotes, stickOf, takeNamed } from "./taking.ts";

/** Rewrites the call for `decision.node` and records it; a refusal when it cannot be carried out there. */
export async function applyPlacement(
  deps: RouterDeps,
  decision: PlacementDecision,
  event: ToolEvent,
  context: ToolContext,
  agent: string,
  waited: readonly string[] = [],
): Promise<Applied> {
  const { node } = decision;
  const config = deps.memory.part(PLUGIN_CONFIG).current;
  const jobs = deps.memory.part(JOBS);
  if (node === null || node.nodeId === null || config === null) {
    const fact = `rule "${decision.rule}" placed the call on a node without an id`;
    return notApplied(refusal("NO_NODE_FITS", fact, { advice: 'run "openclaw node-router doctor"' }));
  }

  const snapshot = lastSnapshot(deps, config);
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
          snapshot,
        });
  if (!rewrite.ok) return notApplied(rewrite.refusal);
  // Whatever is told and recorded of the call is about the machine that it goes to.
  const named = snapshot.nodes.find(({ nodeId }) => nodeId === rewrite.nodeId) ?? node;
  const placement = { ...decision, node: named };
  // In shadow mode too: what is logged is then what enforcing would do.
  if (rewrite.nodeId === node.nodeId) deps.memory.part(LAST_NODES).set(agent, decision.rule ?? "", node.name);
  if (config.mode === "shadow") return applied(null, { placement });

  const full =
    rewrite.nodeId === node.nodeId ? null : takeNamed(deps, config, agent, rewrite.nodeId, event, context);
  if (full !== null) return notApplied(full);
  const { nodeId, jobId } = rewrite;
  const stickKey = stickOf(policyNow(deps, config, agent), event, context);
  const notes = [...rewrite.notes, ...waited, ...moveNotes(deps.memory, stickKey)];
  deps.memory.part(CALLS).add({
    ...idsOf(event, context),
    sessionKey: context.sessionKey ?? "",
    agent,
    tool: event.toolName,
    decision: placement,
    nodeId,
    jobId,
    workspaceCallId: null,
    ...(stickKey === null ? {} : { stickKey }),
    notes,
  });
  if (jobId !== null) {
    const sessionKey = context.sessionKey ?? "";
    // In the file with its record, by `recordCall`.
    jobs.hold({
      jobId,
      agent,
      sessionKey,
      nodeId,
      nodeName: node.name,
      through: "exec",
      startedAtMs: deps.now(),
      auditRecord: "",
      seen: false,
      offset: 0,
      end: null,
    });
    giveBack(deps.memory, event, context);
  }
  return applied(rewrite.params, { recordId: jobId, placement });
}
