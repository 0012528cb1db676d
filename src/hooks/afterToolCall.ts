// Layer 4: compares where a command ran with where it was placed.

import { idsOf, type ToolContext, type ToolEvent } from "../nodeRouter/host/events.ts";
import type { RouterDeps } from "../nodeRouter/process/deps.ts";
import { CALLS, type PlacedCall } from "../nodeRouter/state/calls.ts";
import { COUNTERS } from "../nodeRouter/state/counters.ts";
import { OUTLIERS } from "../nodeRouter/state/outliers.ts";
import { backgroundKey, callKey, jobKey, RUNNING } from "../nodeRouter/state/running.ts";
import { WORKSPACE_CALLS } from "../nodeRouter/state/workspaceCalls.ts";
import { isRecord } from "../shared/isRecord.ts";
import type { Memory } from "../shared/processMemory.ts";
import { coded } from "../shared/refusal.ts";
import { safe } from "../shared/safeText.ts";
import { endOf, stoppedInTerminal } from "./resultLine.ts";

export interface AfterToolEvent extends ToolEvent {
  readonly result?: unknown;
}

/** A mismatch means a command ran on the wrong machine: logged at error, counted, shown by status and doctor. */
export function createAfterToolCall(deps: RouterDeps) {
  const log = deps.log.child({ part: "verify" });
  return (event: AfterToolEvent, context: ToolContext): void => {
    const { runId, toolCallId } = idsOf(event, context);
    const calls = deps.memory.part(CALLS);
    const call = calls.find(runId, toolCallId);
    calls.end(runId, toolCallId);
    settle(deps.memory, call, callKey(runId, toolCallId), resultDetails(event.result));
    if (call === null || call.tool !== "exec" || event.toolName !== "exec") return;
    const ranOn = ranElsewhere(deps.memory, call, event.result);
    if (ranOn === null) return;
    deps.memory.part(COUNTERS).mismatches += 1;
    log.error(
      {
        agent: call.agent,
        tool: call.tool,
        rule: call.decision.rule,
        node: call.nodeId ?? call.decision.node?.name ?? null,
        ranOn: safe(ranOn),
        runId,
      },
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
  const { workspaceCallId = null, jobId = null } = call ?? {};
  const { claimed, outcome } = memory.part(WORKSPACE_CALLS).get(workspaceCallId ?? "") ?? {};
  const end = endOf(details);
  if (workspaceCallId !== null && claimed === true && outcome === null) {
    running.goesOn(key, backgroundKey(workspaceCallId));
  } else if (jobId !== null && (end === "unknown" || details?.exitCode === 0)) {
    running.goesOn(key, jobKey(jobId));
  } else running.release(key);
  const node = call?.decision.node?.name;
  if (node === undefined || workspaceCallId !== null || call?.tool !== "exec") return;
  if (end === "unknown" || details?.failureKind === "not-dispatched") memory.part(OUTLIERS).failed(node);
  else if (end === "ran") memory.part(OUTLIERS).succeeded(node);
}

/**
 * Where a placed exec ran, if not where it was placed: a node id or `gateway`. Null: there, nowhere, or not known.
 * What the sandbox backend was never brought ran without it, wherever the host says nothing of a node.
 */
export function ranElsewhere(memory: Memory, call: PlacedCall, result: unknown): string | null {
  const ranOn = ranWhere(result);
  if (ranOn === null) return null;
  if (call.workspaceCallId === null) {
    return ranOn === call.nodeId || stoppedInTerminal(resultDetails(result)) ? null : ranOn;
  }
  if (ranOn !== "gateway") return ranOn;
  const claimed = memory.part(WORKSPACE_CALLS).get(call.workspaceCallId)?.claimed;
  return claimed === false && !stoppedInTerminal(resultDetails(result)) ? ranOn : null;
}

/**
 * The node id in an exec result, `gateway` when it ran without one, null when nothing ran. A command that was
 * ended by a signal or a timeout has no exit status, but it ran: only then is there an `exitReason`.
 */
export function ranWhere(result: unknown): string | null {
  const details = resultDetails(result);
  if (details === null) return null;
  if (typeof details.nodeId === "string") return details.nodeId;
  const ran =
    typeof details.exitCode === "number" ||
    typeof details.exitReason === "string" ||
    details.timedOut === true ||
    details.status === "running";
  return ran ? "gateway" : null;
}

/** The structured part of a tool result. */
export function resultDetails(result: unknown): Readonly<Record<string, unknown>> | null {
  const details = isRecord(result) ? result.details : null;
  return isRecord(details) ? details : null;
}
