// One decision as stable JSON: what `explain --json` prints and scripts rely on.
import type { Binding, Mode, Transport } from "../../shared/types.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import { decisionMessage } from "./message.ts";

/** Names are exact, not escaped: print it with `safeJson`. */
export interface ExplainReport {
  readonly agent: string;
  readonly tool: string;
  readonly mode: Mode;
  /** Null when no rule names the agent and tool. */
  readonly rule: string | null;
  readonly outcome: PlacementDecision["outcome"];
  /** Name of the node chosen; null unless placed. */
  readonly node: string | null;
  /** Null unless placed. */
  readonly transport: Transport | null;
  readonly binding: Binding;
  /** One line for people. */
  readonly message: string;
  /** Every node in name order; empty when no rule speaks. */
  readonly candidates: readonly CandidateReport[];
  /** Milliseconds since the host's node list was read; null when it has never been read. */
  readonly snapshotAgeMs: number | null;
  /** Of a tool that is not placed: why all that rules would place is refused; absent: it is not. */
  readonly besides?: string;
  /** What is not so now and was supposed, a phrase each; absent: nothing was. */
  readonly supposed?: readonly string[];
}

export interface CandidateReport {
  readonly node: string;
  readonly fits: boolean;
  /** Why not, about one node: `was offline`. Null when it fits. */
  readonly reason: string | null;
  /** What it is about: the taints, the place with its source and age, who cordoned it. Absent where the reason says all. */
  readonly detail?: string;
  /** -100..100; null when it does not fit or the rule prefers nothing. */
  readonly score: number | null;
  /** Weight that each preference gave, by its selector; then nearness and what is scarce, as in `Candidate`. */
  readonly scores: Readonly<Record<string, number>>;
}

/** What a decision does not know about itself. */
export interface ReportContext {
  readonly mode: Mode;
  /** Of the snapshot that the decision was made from; epoch milliseconds or null. */
  readonly takenAtMs: number | null;
  /** Epoch milliseconds. An argument, so that a report of the same decision is the same report. */
  readonly nowMs: number;
}

/** Makes the report of one decision. */
export function createReport(decision: PlacementDecision, context: ReportContext): ExplainReport {
  const { request, rule, outcome, node, transport } = decision;
  const { mode, takenAtMs, nowMs } = context;
  return {
    agent: request.agent,
    tool: request.tool,
    mode,
    rule,
    outcome,
    node: node?.name ?? null,
    transport,
    binding: request.binding,
    message: decisionMessage(decision),
    candidates: decision.candidates().map((candidate) => ({
      node: candidate.node,
      fits: candidate.fits,
      reason: candidate.reason?.one ?? null,
      ...(candidate.detail === undefined ? {} : { detail: candidate.detail }),
      score: candidate.score,
      scores: candidate.scores,
    })),
    // A clock set back must not give a negative age.
    snapshotAgeMs: takenAtMs === null ? null : Math.max(0, nowMs - takenAtMs),
  };
}
