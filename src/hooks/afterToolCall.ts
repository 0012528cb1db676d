// Layer 4: compares where a command ran with where it was placed.

import { WRONG_MACHINES } from "../nodeRouter/alerts/wrongMachines.ts";
import { idsOf, type ToolContext } from "../nodeRouter/host/events.ts";
import { JOBS } from "../nodeRouter/jobs/jobs.ts";
import type { RouterDeps } from "../nodeRouter/process/deps.ts";
import { CALLS, type PlacedCall } from "../nodeRouter/state/calls.ts";
import { COUNTERS } from "../nodeRouter/state/counters.ts";
import { OUTLIERS } from "../nodeRouter/state/outliers.ts";
import { backgroundKey, callKey, RUNNING } from "../nodeRouter/state/running.ts";
import { WORKSPACE_CALLS } from "../nodeRouter/state/workspaceCalls.ts";
import type { Memory } from "../shared/processMemory.ts";
import { coded } from "../shared/refusal.ts";
import { safe } from "../shared/safeText.ts";
import { type AfterToolEvent, recordEnd } from "./callEnd.ts";
import { ranElsewhere, resultDetails } from "./ranWhere.ts";
import { endOf, neverBegan } from "./resultLine.ts";

/** A mismatch means a command ran on the wrong machine: logged at error, counted, shown by status and doctor. */
export function createAfterToolCall(deps: RouterDeps) {
  const log = deps.log.child({ part: "verify" });
  return (event: AfterToolEvent, context: ToolContext): void => {
    const { runId, toolCallId } = idsOf(event, context);
    const calls = deps.memory.part(CALLS);
    const call = calls.find(runId, toolCallId);
    calls.end(runId, toolCallId);
    settle(deps.memory, call, callKey(runId, toolCallId), resultDetails(event.result));
    recordEnd(deps.memory, { runId, toolCallId }, call, event);
    if (call === null || call.tool !== "exec" || event.toolName !== "exec") return;
    const ranOn = ranElsewhere(deps.memory, call, event.result);
    if (ranOn === null) return;
    deps.memory.part(COUNTERS).mismatches += 1;
    const { agent, tool, nodeId, decision } = call;
    const placedOn = decision.node?.name ?? null;
    const detail = `placed on ${placedOn ?? "no node"}, ran on ${ranOn}`;
    deps.memory.part(WRONG_MACHINES).last.set(agent, { atMs: deps.now(), detail });
    log.error(
      { agent, tool, rule: decision.rule, node: nodeId ?? placedOn, ranOn: safe(ranOn), runId },
      coded("NODE_MISMATCH", "a command ran on another machine than it was placed on"),
    );
  };
}

/** What it held on its node is free, or goes on without it; and whether calls get through to the node is known anew. */
function settle(
  memory: Memory,
  call: PlacedCall | null,
  key: string | null,
  details: Readonly<Record<string, unknown>> | null,
): void {
  const running = memory.part(RUNNING);
  if (key === null) return;
  const { workspaceCallId = null } = call ?? {};
  const inWorkspace = memory.part(WORKSPACE_CALLS).get(workspaceCallId ?? "");
  const end = endOf(details);
  if (inWorkspace?.jobId === null && inWorkspace.claimed && inWorkspace.outcome === null) {
    running.goesOn(key, backgroundKey(inWorkspace.callId));
  } else running.release(key);
  if (call?.jobId != null && neverBegan(details)) {
    memory.part(JOBS).end(call.jobId, { outcome: "not-started", exitCode: null, signal: null });
  }
  const node = call?.decision.node?.name;
  if (node === undefined || workspaceCallId !== null || call?.tool !== "exec") return;
  if (end === "unknown") memory.part(OUTLIERS).failed(node, "OUTCOME_UNKNOWN");
  else if (details?.failureKind === "not-dispatched") memory.part(OUTLIERS).failed(node, "NOT_STARTED");
  else if (end === "ran") memory.part(OUTLIERS).succeeded(node);
}
