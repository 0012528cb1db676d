// Puts what was decided of a call into the ledger.
import { randomBytes } from "node:crypto";
import { NodeRouterError } from "../../shared/errors.ts";
import { agentOfSessionKey } from "../../shared/hostNames.ts";
import type { Memory } from "../../shared/processMemory.ts";
import { type Refusal, refusalWords } from "../../shared/refusal.ts";
import { idsOf, type ToolContext, type ToolEvent } from "../host/events.ts";
import { JOBS } from "../jobs/jobs.ts";
import { LEDGER } from "../ledger/ledger.ts";
import { callResult } from "../ledger/ledgerResult.ts";
import type { CallSubject } from "../ledger/ledgerSubject.ts";
import { OPEN_CALLS } from "../ledger/openCalls.ts";
import type { AgentPolicy } from "../policy/agentPolicy.ts";
import type { Decision } from "../policy/callDecision.ts";
import type { RouterDeps } from "../process/deps.ts";
import { DELEGATED_RUNS } from "../state/delegatedRuns.ts";
import { classifyTool } from "../toolCatalog/catalog.ts";
import type { Carried } from "./dispatch.ts";

const UNKNOWN = callResult("unknown", "OUTCOME_UNKNOWN");

/** A patch names its files between the lines: of a longer one the first are enough to tell it by. */
const PATCHED = /^\*\*\* (?:Add|Update|Delete) File: (.+)$/gm;
const MAX_PATCH = 1_048_576;
const MAX_FILES = 16;

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
  { memory, sessionFacts }: Pick<RouterDeps, "memory" | "sessionFacts">,
  record: CallRecord,
): Promise<Refusal | null> {
  const ledger = memory.part(LEDGER).current;
  const { policy, carried, enforced, event } = record;
  const { decision, refusal, outcome } = carried;
  const delegation = delegationOf({ memory, sessionFacts }, record);
  if (delegation !== null && refusal === null) count(memory, delegation.id, record);
  const jobId = decision.kind === "place" ? carried.recordId : null;
  /** One write of the jobs' file a call, and that before OpenClaw may send anything. */
  const keepJob = async (announcement: string): Promise<void> => {
    if (jobId !== null) await memory.part(JOBS).recorded(jobId, announcement);
  };
  if (ledger === null || !isRecorded(policy, decision, event.toolName)) {
    await keepJob("");
    return null;
  }
  const subject = subjectOf(record, delegation);
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
  await keepJob(ledger.announcement(subject));
  if (subject.runId !== null && subject.toolCallId !== null) {
    const files =
      decision.kind === "workspace" && event.toolName !== "exec" ? namedFiles(event.params) : null;
    const before = memory.part(OPEN_CALLS).add(subject, files);
    if (before !== null) ledger.end(before, UNKNOWN);
  } else {
    // Nobody could tell whose end it is.
    ledger.end(subject, UNKNOWN);
  }
  return null;
}

/** Files that a file tool is asked for, as its parameters name them; without any it is for the workspace itself. */
function namedFiles({ path, file_path: alias, input }: ToolEvent["params"]): readonly string[] {
  const patch = typeof input === "string" ? input.slice(0, MAX_PATCH).matchAll(PATCHED) : [];
  const named = [path, alias, ...[...patch].map(([, file]) => file)].filter((one) => typeof one === "string");
  return named.length === 0 ? ["."] : named.slice(0, MAX_FILES);
}

/** What no rule speaks for is OpenClaw's own affair, unless a node was looked at, or it was refused. */
function isRecorded(policy: AgentPolicy, decision: Decision, tool: string): boolean {
  if (decision.kind !== "leave") return decision.kind !== "input";
  const kind = classifyTool(tool)?.kind;
  if (decision.placement !== null && kind !== undefined) return true;
  return policy.isRouted && (kind === "exec" || kind === "node" || kind === "files");
}

/** For whoever gave the task: what ran for it, and where. */
function count(memory: Memory, delegation: string, { carried, event }: CallRecord): void {
  const node = carried.outcome === "placed" ? (carried.decision.placement?.node ?? null) : null;
  const country = node?.location?.country ?? null;
  memory.part(DELEGATED_RUNS).count(delegation, event.toolName, node?.name ?? null, country);
}

/** The task of another gateway that the call belongs to, through however many sub-agents; null: to none. */
function delegationOf(
  { memory, sessionFacts }: Pick<RouterDeps, "memory" | "sessionFacts">,
  { context }: CallRecord,
): NonNullable<CallSubject["delegation"]> | null {
  const run = memory.part(DELEGATED_RUNS).find(context.sessionKey ?? "", (session) => {
    try {
      return sessionFacts(agentOfSessionKey(session) ?? "", session)?.spawnedBy ?? null;
    } catch {
      return null;
    }
  });
  return run === null ? null : { id: run.delegation, peer: run.peer };
}

function subjectOf(
  { policy, carried, event, context, startedAtMs }: CallRecord,
  delegation: CallSubject["delegation"] | null,
): CallSubject {
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
    ...(delegation == null ? {} : { delegation }),
  };
}
