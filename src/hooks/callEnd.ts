// Gives a call in the ledger its end, as far as its result says one.
import type { ToolEvent } from "../nodeRouter/host/events.ts";
import { LEDGER } from "../nodeRouter/ledger/ledger.ts";
import { callResult, type LedgerResult } from "../nodeRouter/ledger/ledgerResult.ts";
import { endOfScripts, OPEN_CALLS, type ScriptEnd } from "../nodeRouter/ledger/openCalls.ts";
import type { PlacedCall } from "../nodeRouter/state/calls.ts";
import { WORKSPACE_CALLS } from "../nodeRouter/state/workspaceCalls.ts";
import type { Memory } from "../shared/processMemory.ts";
import { ranElsewhere, resultDetails } from "./ranWhere.ts";
import { endOf, neverBegan, stoppedInTerminal } from "./resultLine.ts";

export interface AfterToolEvent extends ToolEvent {
  readonly result?: unknown;
  /** The host's words where the tool failed. */
  readonly error?: string | undefined;
}

const UNKNOWN = callResult("unknown", "OUTCOME_UNKNOWN");
const NOT_STARTED = callResult("not-started", "NOT_STARTED");
const RAN = callResult("ran", null);

/** @param call what was placed; null: nothing is kept of it, as of most calls of file tools. */
export function recordEnd(
  memory: Memory,
  ids: { readonly runId: string; readonly toolCallId: string },
  call: PlacedCall | null,
  event: AfterToolEvent,
): void {
  const calls = memory.part(OPEN_CALLS);
  const open = calls.find(ids.runId, ids.toolCallId);
  // A new call may have the id of an earlier one whose result never came.
  if (open === null || open.subject.operation !== event.toolName) return;
  const end = endOfCall(memory, open.scripts, call, event);
  if (end === "later") return;
  calls.take(ids.runId, ids.toolCallId);
  if (end !== null) memory.part(LEDGER).current?.end(open.subject, end);
}

/** `later`: the workspace tells it. Null: it goes on, and whoever looks after it tells its end. */
function endOfCall(
  memory: Memory,
  scripts: ReadonlySet<ScriptEnd> | null,
  call: PlacedCall | null,
  { result, error }: AfterToolEvent,
): LedgerResult | "later" | null {
  const details = resultDetails(result);
  if (scripts !== null) {
    const said = endOfScripts(scripts);
    if (said === "unknown") return UNKNOWN;
    // Without a script a tool has failed before it, or had what it wanted.
    return said === "notStarted" || (said === null && error !== undefined) ? NOT_STARTED : RAN;
  }
  if (call !== null && ranElsewhere(memory, call, result) !== null)
    return callResult("unknown", "NODE_MISMATCH");
  if (stoppedInTerminal(details) || details?.status === "blocked") return NOT_STARTED;
  const isGoingOn = details?.status === "running" || details?.status === "approval-pending";
  if (call?.workspaceCallId != null) {
    const command = memory.part(WORKSPACE_CALLS).get(call.workspaceCallId);
    if (command?.claimed === false) return NOT_STARTED;
    if (command?.outcome?.kind === "notStarted") return callResult("not-started", command.outcome.code);
    return isGoingOn ? "later" : UNKNOWN;
  }
  if (call?.jobId != null && neverBegan(details)) return NOT_STARTED;
  // The start of a detached job has ended, and the job goes on.
  if (isGoingOn || (call?.jobId != null && endOf(details) === "ran" && details?.exitCode === 0)) return null;
  if (call?.tool === "exec") {
    const kind = details?.failureKind;
    if (kind === "policy-denied" || kind === "not-dispatched") return NOT_STARTED;
    return endOf(details) === "ran" ? RAN : UNKNOWN;
  }
  return error === undefined ? RAN : UNKNOWN;
}
