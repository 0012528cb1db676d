// Drives one delegation to its end: does what the machine says is next, and tells it what was seen.
import type { DelegationSettings } from "../../../config/resolvePeers.ts";
import { messageOf } from "../../../shared/errors.ts";
import { type Refusal, refusal } from "../../../shared/refusal.ts";
import { quote } from "../../../shared/safeText.ts";
import type { PeerAnswer } from "../carrier/peerClient.ts";
import type { Delegation } from "../model/delegation.ts";
import { isEnded, nextAction, type OutgoingAction, type OutgoingEvent, pauseMs } from "../model/outgoing.ts";
import { askAbout, type ReachedPeer } from "./askAbout.ts";
import type { Book } from "./book.ts";

/** What the choice of a peer came to. `wait`: none fits now, and one may. */
export type PeerOffer =
  | { readonly is: "event"; readonly event: OutgoingEvent }
  | { readonly is: "wait"; readonly reason: Refusal; readonly rule: string };

export interface DriveDeps {
  readonly book: Book;
  readonly settings: () => DelegationSettings;
  readonly peerOf: (name: string) => ReachedPeer | null;
  /** Which peer gets it next. */
  readonly offer: (delegation: Delegation) => Promise<PeerOffer>;
  /** Why it may not be sent to its peer any more; null: it may. */
  readonly barred: (delegation: Delegation) => Promise<Refusal | null>;
  /** Told what each question showed of the peer. */
  readonly saw: (peer: string, answer: PeerAnswer) => void;
  /** Told of each question why it taught nothing; null: it did. */
  readonly onTrouble: (id: string, trouble: Refusal | null) => void;
  /** Epoch ms. */
  readonly now: () => number;
  /** Resolves after so long, and when it is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** 0..1. */
  readonly chance: () => number;
  readonly log: { warn(facts: object, message: string): void };
}

export interface Driver {
  /** Something has changed: what waits is looked at again. */
  poke(): void;
  /** Begins nothing after that; what is under way is given up. */
  stop(): void;
  /** Resolves when it has ended, or was stopped. Never rejects. */
  readonly done: Promise<void>;
}

/** Between two questions to a peer that answers at once, and at most between those to plain A2A. */
const POLL_PAUSE_MS = { least: 1_000, most: 15_000 };
/** Until a peer is looked for again, where none fitted. */
const QUEUE_MS = 5_000;
const MAX_WAIT_MS = 3_600_000;

/** Begins at once. */
export function drive(id: string, deps: DriveDeps): Driver {
  const { book, now, settings, log } = deps;
  let isStopped = false;
  /** Of what may be cut short: pauses and long polls. */
  let waiting = new AbortController();
  const stopped = new AbortController();
  let failures = 0;
  let polls = 0;

  const rest = (ms: number): Promise<void> =>
    deps.sleep(ms, AbortSignal.any([waiting.signal, stopped.signal]));
  const restAfterFailure = (atLeastMs = 0): Promise<void> => {
    failures += 1;
    return rest(Math.max(atLeastMs, pauseMs(failures, deps.chance())));
  };
  const tell = async (event: OutgoingEvent): Promise<void> => {
    if (!isStopped) await book.apply(id, event);
  };

  const choose = async (delegation: Delegation): Promise<void> => {
    const offer = await deps.offer(delegation);
    if (offer.is === "event") return tell(offer.event);
    await tell({ is: "no-peer", reason: offer.reason, isFinal: false });
    await rest(QUEUE_MS);
  };

  const ask = async (
    { do: what, peer, attempt }: Extract<OutgoingAction, { readonly peer: string }>,
    delegation: Delegation,
  ): Promise<void> => {
    if (what === "send" && attempt.inDoubt) {
      const reason = await deps.barred(delegation);
      if (reason !== null) return tell({ is: "refused", reason, isForEver: false });
    }
    const poll = what === "poll" ? waiting.signal : null;
    const signal = poll === null ? stopped.signal : AbortSignal.any([poll, stopped.signal]);
    const facts = { delegation, attempt, settings: settings(), now, signal };
    const startedMs = performance.now();
    const asked = await askAbout(what, deps.peerOf(peer), facts);
    if (isStopped || poll?.aborted === true) return;
    deps.saw(peer, asked.answer);
    deps.onTrouble(id, asked.trouble);
    const { event } = asked;
    if (event === null) {
      const { answer } = asked;
      // It has ended, or that server ends nothing: how it is says its own question.
      if (what === "cancel" && answer.is === "rejected")
        return ask({ do: "poll", peer, attempt }, delegation);
      return restAfterFailure(answer.is === "status" ? (answer.retryAfterMs ?? 0) : 0);
    }
    await tell(event);
    if (event.is === "silent" || (event.is === "not-sent" && attempt.inDoubt)) return restAfterFailure();
    if (event.is !== "task") return;
    failures = 0;
    const after = book.get(id);
    if (after === null || isEnded(after) || what === "send") return;
    // Canceled there, and its run still ends: or a server that does not let an answer wait.
    polls += 1;
    const tookMs = performance.now() - startedMs;
    const { least, most } = POLL_PAUSE_MS;
    if (tookMs < least) await rest(delegation.weaker ? Math.min(most, least * 1.5 ** (polls - 1)) : least);
  };

  const step = async (): Promise<boolean> => {
    const delegation = book.get(id);
    if (delegation === null) return false;
    const action = nextAction(delegation, now(), settings().keepMs);
    switch (action.do) {
      case "nothing":
        return false;
      case "give-up":
        await tell({ is: "given-up", reason: givenUp(delegation) });
        return true;
      case "choose":
        await choose(delegation);
        return true;
      case "wait":
        await rest(Math.min(MAX_WAIT_MS, Math.max(0, action.untilMs - now())));
        return true;
      default:
        await ask(action, delegation);
        return true;
    }
  };

  const run = async (): Promise<void> => {
    while (!isStopped) {
      if (waiting.signal.aborted) waiting = new AbortController();
      try {
        if (!(await step())) return;
      } catch (error) {
        log.warn({ id, reason: messageOf(error) }, "a delegation could not be driven on; it is tried again");
        await restAfterFailure();
      }
    }
  };

  return {
    poke: () => waiting.abort(),
    stop() {
      isStopped = true;
      stopped.abort();
    },
    done: run(),
  };
}

function givenUp({ state, peer, weaker, cancelRequested }: Delegation): Refusal {
  const at = `peer ${quote(peer ?? "")}`;
  if (state === "queued")
    return refusal(
      "DELEGATION_REFUSED",
      "no peer took the task in plugins.entries.node-router.config.delegation.keepDays",
    );
  if (weaker && cancelRequested)
    return refusal("OUTCOME_UNKNOWN", `${at} speaks plain A2A, and cannot be asked what became of the task`);
  return refusal("OUTCOME_UNKNOWN", `${at} could not be asked about the task for too long`);
}
