// What a call has from the moment of its decision: its place on the node, and for its session the node that holds files.
import type { ResolvedConfig } from "../../config/resolve.ts";
import type { Memory } from "../../shared/processMemory.ts";
import { type Refusal, refusal } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import { runningOn } from "../current/pressure.ts";
import { idsOf, type ToolContext, type ToolEvent } from "../host/events.ts";
import { lastSnapshot } from "../inventory/currentSnapshot.ts";
import { JOBS } from "../jobs/jobs.ts";
import type { AgentPolicy } from "../policy/agentPolicy.ts";
import type { Decision } from "../policy/callDecision.ts";
import type { RouterDeps } from "../process/deps.ts";
import { CALLS } from "../state/calls.ts";
import { LAST_NODES, stickKey } from "../state/lastNodes.ts";
import { callKey, RUNNING } from "../state/running.ts";

/** SECURITY: at once with the decision, or two calls of one moment would both get the last place. */
export function take(
  memory: Memory,
  config: ResolvedConfig,
  policy: AgentPolicy,
  decision: Decision,
  event: ToolEvent,
  context: ToolContext,
): void {
  const isStarted = decision.kind === "place" || (decision.kind === "workspace" && event.toolName === "exec");
  const node = decision.placement?.node ?? null;
  if (!isStarted || node === null || (config.mode === "shadow" && policy.binding === "exec")) return;
  const key = placeKey(event, context);
  if (key !== null) memory.part(RUNNING).take(key, node.name, policy.id, context.abortSignal);
  const stick = stickOf(policy, event, context);
  if (stick !== null) memory.part(LAST_NODES).stuck.put(stick, node.name, "node");
}

/** The same of a node that the model has named instead of the decided one; a refusal when it has become full since. */
export function takeNamed(
  { memory }: Pick<RouterDeps, "memory">,
  config: ResolvedConfig,
  agent: string,
  nodeId: string,
  event: ToolEvent,
  context: ToolContext,
): Refusal | null {
  const name = lastSnapshot({ memory }, config).nodes.find((node) => node.nodeId === nodeId)?.name ?? nodeId;
  if (runningOn(memory, name) >= (config.nodes.get(name)?.maxRunning ?? Number.POSITIVE_INFINITY)) {
    const fact = `${quote(event.toolName)} of agent ${quote(agent)} asked for node ${quote(name)}, which was full`;
    return refusal("NODE_NOT_ALLOWED", fact, { advice: "leave node out, or try again" });
  }
  const key = placeKey(event, context);
  if (key !== null) memory.part(RUNNING).take(key, name, agent, context.abortSignal);
  return null;
}

/** It has ended, will not begin, or is a job from now on, which holds its own place. */
export function giveBack(
  memory: Memory,
  event: Pick<ToolEvent, "runId" | "toolCallId">,
  context: ToolContext,
): void {
  const key = placeKey(event, context);
  if (key !== null) memory.part(RUNNING).release(key);
}

/** What was placed is refused after all. */
export function callOff(memory: Memory, event: ToolEvent, context: ToolContext): void {
  giveBack(memory, event, context);
  const { runId, toolCallId } = idsOf(event, context);
  const jobId = memory.part(CALLS).find(runId, toolCallId)?.jobId ?? null;
  if (jobId !== null) memory.part(JOBS).end(jobId, { outcome: "not-started", exitCode: null, signal: null });
}

/** Under which key the call's place is held; see `callKey`. */
function placeKey(event: Pick<ToolEvent, "runId" | "toolCallId">, context: ToolContext): string | null {
  const { runId, toolCallId } = idsOf(event, context);
  return callKey(runId, toolCallId);
}

/** Under which key the node of its files is kept; null: its rule does not say `stick`, or it has no files there. */
export function stickOf(
  { binding, execRule, id }: AgentPolicy,
  { toolName }: ToolEvent,
  { sessionKey = "" }: ToolContext,
): string | null {
  if (binding !== "exec" || toolName !== "exec" || execRule === null) return null;
  return stickKey(execRule, id, sessionKey);
}

/** What the agent must know of a move of its files. Empty: there was none. */
export function moveNotes(memory: Memory, stick: string | null): readonly string[] {
  const from = stick === null ? null : (memory.part(LAST_NODES).stuck.get(stick)?.movedFrom ?? null);
  return from === null ? [] : [`earlier commands ran on ${quote(from)}; their files are there`];
}
