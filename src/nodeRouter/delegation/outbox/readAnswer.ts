// What the answer of a peer, or its silence, says of a delegation. Pure.
import { type Refusal, refusal } from "../../../shared/refusal.ts";
import { quote, safe } from "../../../shared/safeText.ts";
import type { PeerAnswer } from "../carrier/peerClient.ts";
import type { Delegation, PeerAttempt } from "../model/delegation.ts";
import type { OutgoingEvent, SeenTask } from "../model/outgoing.ts";
import { readFound } from "../protocol/askPeer.ts";
import { RPC } from "../protocol/rpc.ts";
import { readTask } from "../protocol/task.ts";

/** What was asked. */
export type PeerQuestion = "send" | "find" | "fence" | "poll" | "cancel";

export interface AnswerFacts {
  readonly delegation: Delegation;
  readonly attempt: PeerAttempt;
  readonly nowMs: number;
  /** UTF-16 units of a result that are kept. */
  readonly maxResult: number;
}

/** Plain A2A: the request was never taken for a message (JSON-RPC 2.0, section 5.1; A2A 1.0, section 9.5). */
const NEVER_TAKEN: ReadonlySet<number> = new Set([
  RPC.parse,
  RPC.request,
  RPC.method,
  RPC.params,
  RPC.unsupported,
  RPC.contentType,
  RPC.version,
]);
/** The same of HTTP's, by whatever stands before a server. */
const NEVER_CAME: ReadonlySet<number> = new Set([401, 403, 404, 405, 413, 415, 429]);

/**
 * @returns null: it says nothing of the delegation, and the same is asked again later
 * SECURITY: `refused` and `fenced` let another peer have the task. They stand on the rule of the wire alone: a gateway
 * that answers `SendMessage` with an error, with 4xx or with 503 has no record of it and never begins it. A proxy before it
 * says 503 and 408 also where it has handed the request on.
 */
export function readAnswer(what: PeerQuestion, answer: PeerAnswer, facts: AnswerFacts): OutgoingEvent | null {
  if (what === "send") return readSent(answer, facts);
  if (what === "find" || what === "fence") return readSearch(what, answer, facts);
  if (answer.is === "result") return taskEvent(answer.result, facts);
  if (answer.is === "rejected" && answer.rpcCode === RPC.taskNotFound) {
    const fact = `peer ${peerOf(facts)} has the task no more`;
    return { is: "gone", reason: refusal("OUTCOME_UNKNOWN", fact) };
  }
  return null;
}

/** Why nothing was learned, for people; null: something was. */
export function troubleOf(answer: PeerAnswer, { attempt }: Pick<AnswerFacts, "attempt">): Refusal | null {
  if (answer.is === "not-sent" || answer.is === "no-answer") return answer.why;
  return answer.is === "result" ? null : refusedBy(attempt.peer, answer);
}

function readSent(answer: PeerAnswer, facts: AnswerFacts): OutgoingEvent {
  const { weaker } = facts.delegation;
  switch (answer.is) {
    case "not-sent":
      return { is: "not-sent", reason: answer.why };
    case "no-answer":
      return { is: "silent", reason: answer.why };
    case "result":
      return taskEvent(answer.result, facts) ?? silent(facts, "answered with what is no task of ours");
    case "status": {
      const { status, isItsOwn = false } = answer;
      const isRefusal = (status >= 400 && status < 500) || status === 503;
      const isNo = NEVER_CAME.has(status) || (!weaker && isItsOwn && isRefusal);
      if (!isNo) return silent(facts, `answered with HTTP ${status}`);
      return { is: "refused", reason: refusedBy(facts.attempt.peer, answer), isForEver: false };
    }
    case "rejected": {
      const reason = refusedBy(facts.attempt.peer, answer);
      if (weaker && !NEVER_TAKEN.has(answer.rpcCode))
        return silent(facts, `answered with the error ${answer.rpcCode}`);
      if (!weaker && answer.reason === "ALREADY_USED") {
        const fact = `peer ${peerOf(facts)} has another task under the same id`;
        return { is: "given-up", reason: refusal("OUTCOME_UNKNOWN", fact) };
      }
      return { is: "refused", reason, isForEver: answer.reason === "FENCED" };
    }
  }
}

function readSearch(what: "find" | "fence", answer: PeerAnswer, facts: AnswerFacts): OutgoingEvent | null {
  if (answer.is !== "result") return null;
  const found = readFound(answer.result);
  if (found === null) return null;
  if (found.found === "task") return taskEvent(found.task, facts);
  const { attempt, nowMs } = facts;
  // SECURITY: a gateway that has forgotten, or is another one than was asked before, proves nothing by what it lacks.
  if (attempt.gateway !== null && attempt.gateway !== found.gateway) return null;
  // At the earliest: its clock was read so long before as the answer took, and no longer than the question took.
  const sentThereMs = attempt.atMs + (found.nowMs - nowMs);
  const latestMs = sentThereMs + answer.rttMs;
  if (found.sinceMs > sentThereMs) return null;
  if (found.blanks.some(({ fromMs, toMs }) => fromMs <= latestMs && sentThereMs < toMs)) {
    if (what === "find" && attempt.acceptBeforeMs !== null) return null;
    // It will never be able to say.
    const fact = `peer ${peerOf(facts)} does not know it, and was down when it was sent, or has an older copy of its records since`;
    return { is: "given-up", reason: refusal("OUTCOME_UNKNOWN", fact) };
  }
  return { is: found.found === "fenced" ? "fenced" : "never-seen" };
}

function taskEvent(given: unknown, { delegation, nowMs, maxResult }: AnswerFacts): OutgoingEvent | null {
  const task = readTask(given, maxResult);
  if (task === null) return null;
  const { extension, phase, result, isCut, reason } = task;
  if (extension !== null && extension.messageId !== delegation.id) return null;
  const offsetMs = extension === null ? 0 : extension.nowMs - nowMs;
  const startedAtMs = extension?.startedAtMs ?? null;
  const seen: SeenTask = {
    taskId: task.id ?? delegation.id,
    phase,
    // Of plain A2A nobody knows.
    mayHaveRun: extension?.mayHaveRun ?? true,
    startedAtMs: startedAtMs === null ? null : startedAtMs - offsetMs,
    result: result !== null && isCut ? `${result}\n${CUT}` : result,
    reason,
    ran: extension?.ran ?? [],
    tokens: extension?.tokens ?? null,
  };
  return { is: "task", task: seen };
}

const CUT = "[the result was longer, and was cut here]";

function silent({ attempt }: AnswerFacts, how: string): OutgoingEvent {
  return {
    is: "silent",
    reason: refusal("PEER_UNREACHABLE", `peer ${quote(attempt.peer)} ${how}`),
  };
}

function peerOf({ attempt }: AnswerFacts): string {
  return quote(attempt.peer);
}

/** In words. */
function refusedBy(peer: string, answer: Extract<PeerAnswer, { is: "status" | "rejected" }>): Refusal {
  const at = `plugins.entries.node-router.config.peers.${safe(peer)}`;
  if (answer.is === "rejected") {
    const { reason, rpcCode, message } = answer;
    const said = safe(message.slice(0, MAX_WORDS));
    return refusal(
      "PEER_REFUSED",
      `peer ${quote(peer)} refused the task: ${safe(reason ?? String(rpcCode))}: ${said}`,
    );
  }
  const { status } = answer;
  if (status === 401)
    return refusal("PEER_REFUSED", `peer ${quote(peer)} refused our token (HTTP 401)`, {
      advice: `Mend ${at}.token, or accept there`,
    });
  if (status === 404)
    return refusal(
      "PEER_REFUSED",
      `peer ${quote(peer)} answers, but takes no tasks (HTTP 404): no plugin or no accept there`,
      { advice: "Install node-router there, and configure accept for this gateway" },
    );
  return refusal("PEER_REFUSED", `peer ${quote(peer)} refused the task (HTTP ${status})`);
}

const MAX_WORDS = 300;
