// Where the host says that a call ran.
import type { PlacedCall } from "../nodeRouter/state/calls.ts";
import { WORKSPACE_CALLS } from "../nodeRouter/state/workspaceCalls.ts";
import { isRecord } from "../shared/isRecord.ts";
import type { Memory } from "../shared/processMemory.ts";
import { stoppedInTerminal } from "./resultLine.ts";

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
