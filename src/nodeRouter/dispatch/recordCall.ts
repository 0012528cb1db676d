// Puts what was decided of a call into the ledger.
import { randomBytes } from "node:crypto";
import { NodeRouterError } from "../../shared/errors.ts";
import { type Refusal, refusalWords } from "../../shared/refusal.ts";
import { idsOf, type ToolContext, type ToolEvent } from "../host/events.ts";
import { JOBS } from "../jobs/jobs.ts";
import { LEDGER } from "../ledger/ledger.ts";
import { type CallSubject, callResult } from "../ledger/ledgerRecord.ts";
import { OPEN_CALLS } from "../ledger/openCalls.ts";
import type { AgentPolicy } from "../policy/agentPolicy.ts";
import type { Decision } from "../policy/callDecision.ts";
import type { RouterDeps } from "../process/deps.ts";
import { CALLS } from "../state/calls.ts";
import { classifyTool } from "../toolCatalog/catalog.ts";
import type { Carried } from "./dispatch.ts";

const UNKNOWN = callResult("unknown", "OUTCOME_UNKNOWN");

export interface CallRecord {
  readonly policy: AgentPolicy;
  readonly carried: Carried;
  /** False in shadow mode: whatever was decided, OpenClaw does what it does without us. */
  readonly enforced: boolean;
  readonly event: ToolEvent;
  readonly context: ToolContext;
  /** Epoch ms. */
  readonly startedAtMs: number;
}

/**
 * Records the call; one that goes to a node stays open until its end is told. With the audit `strict` a call that
 * OpenClaw carries out on a node is on the disk when this resolves; a workspace's commands and changes see to that
 * themselves, right before they are sent.
 * @returns why the call must not go on: it could not be recorded. Null: it may.
 */
export async function recordCall(
  { memory }: Pick<RouterDeps, "memory">,
  record: CallRecord,
): Promise<Refusal | null> {
  const ledger = memory.part(LEDGER).current;
  const { policy, carried, enforced, event } = record;
  const { decision, refusal, outcome } = carried;
  if (ledger === null || !isRecorded(policy, decision, event.toolName)) return null;
  const subject = subjectOf(record);
  if (refusal !== null) {
    const { code } = refusal;
    ledger.end(subject, callResult(enforced ? "refused" : "left", code, refusalWords(refusal)));
    return null;
  }
  if (outcome === "unrouted" || !enforced) {
    ledger.end(subject, callResult("left", null));
    return null;
  }
  if (decision.kind !== "place") ledger.open(subject);
  else if (ledger.isStrict()) {
    try {
      await ledger.begin(subject);
    } catch (error) {
      if (error instanceof NodeRouterError) return error.refusal;
      throw error;
    }
  } else ledger.open(subject);
  const { runId, toolCallId } = idsOf(event, record.context);
  const jobId = memory.part(CALLS).find(runId, toolCallId)?.jobId ?? null;
  if (jobId !== null) await memory.part(JOBS).recorded(jobId, ledger.announcement(subject));
  if (subject.runId !== null && subject.toolCallId !== null) {
    const isFileTool = decision.kind === "workspace" && event.toolName !== "exec";
    const before = memory.part(OPEN_CALLS).add(subject, isFileTool);
    if (before !== null) ledger.end(before, UNKNOWN);
  } else {
    // Nobody could tell whose end it is.
    ledger.end(subject, UNKNOWN);
  }
  return null;
}

/** What no rule speaks for is OpenClaw's own affair, unless a node was looked at, or it was refused. */
function isRecorded(policy: AgentPolicy, decision: Decision, tool: string): boolean {
  if (decision.kind !== "leave") return decision.kind !== "input";
  const kind = classifyTool(tool)?.kind;
  if (decision.placement !== null && kind !== undefined) return true;
  return policy.isRouted && (kind === "exec" || kind === "node" || kind === "files");
}

function subjectOf({ policy, carried, event, context, startedAtMs }: CallRecord): CallSubject {
  const { decision, movedFrom, recordId } = carried;
  const { runId, toolCallId } = idsOf(event, context);
  const isGoing = carried.outcome === "placed";
  const { placement } = decision;
  const node = isGoing ? (placement?.node ?? null) : null;
  const location = node?.location ?? null;
  const country = location?.country;
  const { command } = event.params;
  return {
    kind: "call",
    id: recordId ?? randomBytes(8).toString("hex"),
    startMs: startedAtMs,
    operation: event.toolName,
    node: node?.name ?? null,
    transport: node === null ? null : decision.kind === "workspace" ? decision.place.via.over : "node",
    rule: decision.rule,
    agent: policy.id,
    sessionKey: context.sessionKey ?? null,
    runId: runId === "" ? null : runId,
    toolCallId: toolCallId === "" ? null : toolCallId,
    place: location === null || country === undefined ? null : { country, source: location.source },
    candidates: placement === null ? null : { total: placement.total, fitting: placement.fitting },
    movedFrom: isGoing ? movedFrom : null,
    command: event.toolName === "exec" && typeof command === "string" ? command : null,
  };
}
