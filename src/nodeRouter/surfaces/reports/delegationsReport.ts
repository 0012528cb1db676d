// The tasks that this gateway has given to peers, and those that peers have given to it, as reports and scripts get them. Pure.
import { isoTime } from "../../../shared/isoTime.ts";
import { refusalText } from "../../../shared/refusal.ts";
import { shortened } from "../../../shared/safeText.ts";
import type { Delegation, DelegationState } from "../../delegation/model/delegation.ts";
import { type InboundTask, mayHaveRun } from "../../delegation/model/incoming.ts";
import type { RanTool, TaskPhase } from "../../delegation/protocol/wire.ts";

/** One task. Texts are not escaped. */
export interface DelegationReport {
  /** The same at both gateways. */
  readonly id: string;
  /** `out`: given to the peer; `in`: taken from it. */
  readonly direction: "out" | "in";
  readonly state: DelegationState | TaskPhase;
  /** Who has it, or may have it; of `in`: whose it is. Null: nobody. */
  readonly peer: string | null;
  /** Who does it. */
  readonly agent: string;
  /** Who wants it done; null: the peer did not say. */
  readonly requester: string | null;
  /** Of `out`. */
  readonly rule: string | null;
  readonly context: string;
  /** Empty where it is not kept any more. */
  readonly task: string;
  readonly result: string | null;
  /** Why it did not complete; null: it did, or has not ended. */
  readonly reason: string | null;
  /** Whether something of it may have run. */
  readonly mayHaveRun: boolean;
  /** The peer speaks plain A2A: a task is sent once, and its result is had while the peer remembers it. */
  readonly weaker: boolean;
  /** Peers that it was offered to, in order. `reason`: why it was not accepted; null: it was, or nobody knows. */
  readonly offers: readonly {
    readonly peer: string;
    readonly outcome: string | null;
    readonly reason: string | null;
  }[];
  readonly createdAt: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly ran: readonly RanTool[];
  readonly tokens: number | null;
}

export interface DelegationsReport {
  /** Newest first. */
  readonly delegations: readonly DelegationReport[];
  /** How many there are that the answer has no room for. */
  readonly left: number;
}

/** Characters of a task and of a result in a list. */
const MAX_LISTED_TEXT = 200;

/** Of a list, where only the beginning of long texts is shown. */
export function briefly(report: DelegationReport): DelegationReport {
  const { task, result } = report;
  const brief = (text: string): string => shortened(text, MAX_LISTED_TEXT);
  return { ...report, task: brief(task), result: result === null ? null : brief(result) };
}

export function outgoingReport(delegation: Delegation): DelegationReport {
  const { id, state, peer, agent, requester, rule, context, task, result, reason } = delegation;
  return {
    id,
    direction: "out",
    state,
    peer,
    agent,
    requester: requester.agent,
    rule,
    context,
    task,
    result,
    reason: reason === null ? null : refusalText(reason),
    mayHaveRun: delegation.mayHaveRun,
    weaker: delegation.weaker,
    offers: delegation.attempts.map((attempt) => ({
      peer: attempt.peer,
      outcome: attempt.outcome,
      reason: attempt.reason === null ? null : refusalText(attempt.reason),
    })),
    createdAt: isoTime(delegation.createdAtMs),
    startedAt: isoTime(delegation.startedAtMs),
    endedAt: isoTime(delegation.endedAtMs),
    ran: delegation.ran,
    tokens: delegation.tokens,
  };
}

export function incomingReport(task: InboundTask): DelegationReport {
  const { messageId, phase, peer, agent, requester, context, text, result, reason, ran, tokens } = task;
  return {
    id: messageId,
    direction: "in",
    state: phase,
    peer,
    agent,
    requester,
    rule: null,
    context,
    task: text,
    result,
    reason,
    mayHaveRun: mayHaveRun(task),
    weaker: false,
    offers: [],
    createdAt: isoTime(task.acceptedAtMs),
    startedAt: isoTime(task.startedAtMs),
    endedAt: isoTime(task.endedAtMs),
    ran,
    tokens,
  };
}
