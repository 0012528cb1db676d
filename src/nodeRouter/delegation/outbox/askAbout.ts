// One question about a delegation to the peer that has it, or may have it.
import type { ConfiguredPeer, DelegationSettings } from "../../../config/resolvePeers.ts";
import { refusal } from "../../../shared/refusal.ts";
import { quote } from "../../../shared/safeText.ts";
import type { PeerAnswer, PeerClient } from "../carrier/peerClient.ts";
import type { Delegation, PeerAttempt } from "../model/delegation.ts";
import type { OutgoingEvent } from "../model/outgoing.ts";
import { askCancel, askFind, askGet, askSend, type PeerCall } from "../protocol/askPeer.ts";
import { type PeerQuestion, readAnswer, troubleOf } from "./readAnswer.ts";

/** A peer as tasks reach it. */
export interface ReachedPeer {
  readonly config: ConfiguredPeer;
  readonly client: PeerClient;
}

/** What came of a question. */
export interface Learned {
  /** Null: nothing was learned. */
  readonly event: OutgoingEvent | null;
  readonly answer: PeerAnswer;
  /** Why nothing was learned; null: something was. */
  readonly trouble: ReturnType<typeof troubleOf>;
}

export interface QuestionFacts {
  readonly delegation: Delegation;
  readonly attempt: PeerAttempt;
  readonly settings: DelegationSettings;
  /** Epoch ms, asked when the answer is there. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** A long poll ends before whatever stands between ends it. */
const POLL_MS = 25_000;
/** Of one that has not begun: an answer comes with its end alone, and people want to see that it works. */
const FIRST_POLL_MS = 2_000;
const TIMES: Readonly<Record<PeerQuestion, number>> = {
  send: 30_000,
  find: 15_000,
  fence: 15_000,
  cancel: 15_000,
  poll: POLL_MS + 15_000,
};

/** @param peer null: the config has none of that name any more. Never rejects. */
export async function askAbout(
  what: PeerQuestion,
  peer: ReachedPeer | null,
  facts: QuestionFacts,
): Promise<Learned> {
  const { delegation, attempt, settings, now, signal } = facts;
  const answer = await ask(what, peer, facts);
  const read = { delegation, attempt, nowMs: now(), maxResult: settings.maxResultBytes };
  const event = signal.aborted && what !== "send" ? null : readAnswer(what, answer, read);
  return { event, answer, trouble: event === null ? troubleOf(answer, { attempt }) : null };
}

async function ask(
  what: PeerQuestion,
  peer: ReachedPeer | null,
  { delegation, attempt, signal }: QuestionFacts,
): Promise<PeerAnswer> {
  if (peer === null) {
    const fact = `plugins.entries.node-router.config.peers has no ${quote(attempt.peer)} any more`;
    return { is: "not-sent", why: refusal("PEER_UNREACHABLE", fact, { advice: "put it back" }) };
  }
  const { method, params } = callFor(what, delegation, attempt);
  return peer.client.call(method, params, { timeoutMs: TIMES[what], signal });
}

function callFor(what: PeerQuestion, delegation: Delegation, attempt: PeerAttempt): PeerCall {
  const { id, context, task: text, agent, requester, chain, maxHops, weaker, taskId, state } = delegation;
  switch (what) {
    case "send": {
      const { acceptBeforeMs: before, clockOffsetMs: offset } = attempt;
      // By a clock that nobody knows it would mean anything.
      const acceptBeforeMs = before === null || offset === null ? null : before + offset;
      const extension = {
        agent,
        requester: requester.agent,
        chain,
        maxHops,
        acceptBeforeMs,
        maxMinutes: null,
      };
      return askSend({ id, context, text }, weaker ? null : extension);
    }
    case "find":
    case "fence":
      return askFind(id, what === "fence");
    case "poll":
      return askGet(taskId ?? "", weaker ? null : state === "working" ? POLL_MS : FIRST_POLL_MS);
    case "cancel":
      return askCancel(taskId ?? "");
  }
}
