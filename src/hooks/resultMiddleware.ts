// Puts the line into what the agent reads: exec's own result, or the result of the outer tool around it.
import { PLUGIN_CONFIG } from "../config/currentConfig.ts";
import { agentOf } from "../nodeRouter/host/events.ts";
import { hasPathPrepend } from "../nodeRouter/host/hostConfig.ts";
import { JOBS } from "../nodeRouter/jobs/jobs.ts";
import { STARTED } from "../nodeRouter/jobs/nodeJob.ts";
import { agentPolicy } from "../nodeRouter/policy/agentPolicy.ts";
import type { RouterDeps } from "../nodeRouter/process/deps.ts";
import { CALLS, type PlacedCall } from "../nodeRouter/state/calls.ts";
import { LAST_NODES } from "../nodeRouter/state/lastNodes.ts";
import { SESSION_NODES } from "../nodeRouter/state/sessionNodes.ts";
import { WORKSPACE_CALLS, type WorkspaceCall } from "../nodeRouter/state/workspaceCalls.ts";
import { imitates } from "./imitation.ts";
import { ranElsewhere, ranWhere, resultDetails } from "./ranWhere.ts";
import {
  type CallEnd,
  cleanText,
  endOf,
  folderHints,
  gateRefusal,
  IMITATION_NOTE,
  isGateError,
  neverBegan,
  resultLine,
  stoppedInTerminal,
} from "./resultLine.ts";

interface TextPart {
  readonly type: "text";
  readonly text: string;
}

/** The fields of the host's middleware event and context that we read. */
export interface ResultEvent<R extends ToolResult = ToolResult> {
  readonly toolCallId: string;
  readonly toolName?: string | undefined;
  readonly args?: Readonly<Record<string, unknown>> | undefined;
  readonly result: R;
}
export interface ToolResult {
  readonly content: readonly { readonly type: string }[];
  readonly details?: unknown;
}
export interface ResultContext {
  readonly runId?: string | undefined;
  readonly agentId?: string | undefined;
}

/** Returns the changed result, or undefined when the call is none of ours. */
export function createResultMiddleware(deps: RouterDeps) {
  return <R extends ToolResult>(event: ResultEvent<R>, context: ResultContext): { result: R } | undefined => {
    const runId = context.runId ?? "";
    const own = deps.memory.part(CALLS).find(runId, event.toolCallId);
    const calls = own === null ? deps.memory.part(CALLS).nestedIn(runId, event.toolCallId) : [own];
    const agent = agentOf(context) ?? calls[0]?.agent;
    if (agent === undefined) return undefined;
    const config = deps.memory.part(PLUGIN_CONFIG).current;
    const gated = config !== null && agentPolicy(config, deps.hostConfig(), agent).mustBePlaced;
    if (gated && mayMeetGate(event, own) && isStoppedByGate(deps, calls, own, event.result)) {
      return { result: { ...event.result, content: [{ type: "text", text: gateRefusal(agent) }] } };
    }
    if (calls.length === 0 && !gated) return undefined;
    const isImitated = imitates(event.result.content.flatMap((part) => (isText(part) ? [part.text] : [])));
    if (calls.length === 0) return isImitated ? withLine(event.result, IMITATION_NOTE) : undefined;

    for (const { jobId } of calls) {
      const said = `${STARTED} ${jobId} `;
      if (event.result.content.some((part) => isText(part) && part.text.includes(said)))
        deps.memory.part(JOBS).begun(jobId ?? "");
    }
    const keepWarning = hasPathPrepend(deps.hostConfig(), agent);
    const ends = calls.map((call) => ({ call, ...endOfCall(deps, call, own, event.result) }));
    const told = ends.flatMap(({ call, end }) => (end === "elsewhere" ? [] : [call]));
    const content = event.result.content.map((part) =>
      isText(part) ? { ...part, text: cleanText(part.text, told, keepWarning, own === null) } : part,
    );
    const lines = ends.map(({ call, end, processGroup }) => {
      // The agent reads of a move now; a call that never comes to its result leaves it for the next one.
      if (call.decision.request.binding === "workspace")
        deps.memory.part(SESSION_NODES).told(call.sessionKey);
      if (call.stickKey !== undefined) deps.memory.part(LAST_NODES).stuck.told(call.stickKey);
      const hints = end === "notStarted" ? folderHints(call, execDetails(call, own, event.result)) : [];
      const shown = { ...call, notes: [...call.notes, ...hints] };
      return resultLine(shown, end, processGroup, isImitated);
    });
    return withLine({ ...event.result, content }, [...new Set(lines)].join("\n"));
  };
}

function withLine<R extends ToolResult>(result: R, text: string): { result: R } {
  return { result: { ...result, content: [...result.content, { type: "text", text }] } };
}

/** Tools that start a command or have one started inside them: the others only quote what they read. */
const STARTERS: readonly string[] = ["exec", "tool_call", "tool_search_code"];

/** Whether the result can be of a start that the gate stopped. SECURITY: a page or a file that quotes one is not. */
function mayMeetGate({ toolName, args }: ResultEvent, own: PlacedCall | null): boolean {
  const name = toolName ?? own?.tool;
  if (name === undefined || !STARTERS.includes(name)) return false;
  const inner = name === "tool_call" ? args?.id : undefined;
  return inner === undefined || inner === "exec";
}

/** Whether the result is of a start that the gate made impossible, and none that quotes one. */
function isStoppedByGate(
  deps: RouterDeps,
  calls: readonly PlacedCall[],
  own: PlacedCall | null,
  result: ToolResult,
): boolean {
  // What the backend was brought has passed the gate; its output may quote anything.
  if (calls.some((call) => workspaceCallOf(deps, call)?.claimed === true)) return false;
  const details = calls.map((call) => execDetails(call, own, result));
  if (details.some(stoppedInTerminal)) return true;
  if (details.some((one) => ranWhere({ details: one }) !== null)) return false;
  return result.content.some((part) => isText(part) && isGateError(part.text));
}

/** `processGroup`: of a command in a workspace whose end was not seen. */
function endOfCall(
  deps: RouterDeps,
  call: PlacedCall,
  own: PlacedCall | null,
  result: ToolResult,
): { readonly end: CallEnd; readonly processGroup?: number | null } {
  const details = execDetails(call, own, result);
  if (ranElsewhere(deps.memory, call, { details }) !== null) return { end: "elsewhere" };
  const { outcome = null, claimed, begun } = workspaceCallOf(deps, call) ?? {};
  if (outcome?.kind === "unknown") return { end: "unknown", processGroup: outcome.processGroup };
  if (outcome !== null) return { end: outcome.kind };
  // The backend told nothing (yet): a command that OpenClaw carries out, or one that goes on.
  if (details?.status === "running")
    return { end: claimed === true && begun !== true ? "starting" : "running" };
  if (details !== null) return { end: call.jobId === null ? endOf(details) : endOfStart(details) };
  if (claimed === false) return { end: "notStarted" };
  const isOwnExec = call === own && call.tool === "exec";
  return { end: isOwnExec || resultDetails(result)?.status === "error" ? "failed" : "ran" };
}

/** Of the script that starts a detached job: its end is no end of the job's. */
function endOfStart(details: Readonly<Record<string, unknown>>): CallEnd {
  if (neverBegan(details)) return "notStarted";
  const end = endOf(details);
  if (end !== "ran") return end;
  return details.exitCode === 0 ? "running" : "unknown";
}

function workspaceCallOf({ memory }: RouterDeps, { workspaceCallId }: PlacedCall): WorkspaceCall | null {
  return workspaceCallId === null ? null : (memory.part(WORKSPACE_CALLS).get(workspaceCallId) ?? null);
}

/** An inner call's details lie inside the outer result; without them its own end is not known here. */
function execDetails(call: PlacedCall, own: PlacedCall | null, result: ToolResult) {
  if (call.tool !== "exec") return null;
  const details = resultDetails(result);
  return call === own || details === null ? details : resultDetails(details.result);
}

function isText(part: { readonly type: string }): part is TextPart {
  return part.type === "text" && "text" in part && typeof part.text === "string";
}
