// What becomes of a delegation: from what is kept of it and what was seen, what is kept next, and what is done next. Pure.
import { type Refusal, refusal } from "../../../shared/refusal.ts";
import { quote } from "../../../shared/safeText.ts";
import type { RanTool, TaskPhase } from "../protocol/wire.ts";
import type { Delegation, DelegationState, PeerAttempt } from "./delegation.ts";

/** What a peer says of its task. */
export interface SeenTask {
  /** A2A's id of it. */
  readonly taskId: string;
  readonly phase: TaskPhase;
  readonly mayHaveRun: boolean;
  /** Epoch ms by our clock as far as it is known; null: not yet. */
  readonly startedAtMs: number | null;
  /** Cleaned and bounded; null: there is none. */
  readonly result: string | null;
  readonly reason: string | null;
  readonly ran: readonly RanTool[];
  readonly tokens: number | null;
}

/**
 * What was seen. `chosen`: it may be sent to this peer. `no-peer`: none fits; `isFinal`: none is waited for.
 * `recovered`: this gateway was started anew. `not-sent`: not a byte of the request went. `refused`: the peer answered
 * `SendMessage`, and has no record of this copy; `isForEver`: nor will it take another one. `silent`: it may have arrived. `never-seen`, `fenced`: by `FindTask`
 * and `FenceMessage`. `gone`: it had the task, and has it no more. `given-up`: the time is over. `written-off`: an operator
 * says that nobody will ever answer; `isGone`: the config has no such peer any more, so that it can be neither asked nor canceled.
 */
export type OutgoingEvent =
  | {
      readonly is: "chosen";
      readonly peer: string;
      readonly agent: string;
      readonly weaker: boolean;
      readonly acceptBeforeMs: number | null;
      readonly clockOffsetMs: number | null;
      readonly gateway: string | null;
      readonly rule: string;
    }
  | { readonly is: "no-peer"; readonly reason: Refusal; readonly isFinal: boolean }
  | { readonly is: "recovered"; readonly keepMs: number }
  | { readonly is: "not-sent" | "silent" | "gone" | "given-up"; readonly reason: Refusal }
  | { readonly is: "written-off"; readonly reason: Refusal; readonly isGone: boolean }
  | { readonly is: "refused"; readonly reason: Refusal; readonly isForEver: boolean }
  | { readonly is: "task"; readonly task: SeenTask }
  | { readonly is: "never-seen" | "fenced" | "cancel" | "told" };

/** What is to be done next. `wait`: nothing can be asked; it is given up at `untilMs`. */
export type OutgoingAction =
  | { readonly do: "nothing" | "choose" | "give-up" }
  | {
      readonly do: "send" | "find" | "fence" | "poll" | "cancel";
      readonly peer: string;
      readonly attempt: PeerAttempt;
    }
  | { readonly do: "wait"; readonly untilMs: number };

const ENDS: ReadonlySet<DelegationState> = new Set<DelegationState>([
  "completed",
  "failed",
  "canceled",
  "rejected",
  "interrupted",
  "not-accepted",
  "lost",
]);

/** Nothing more comes of it. */
export function isEnded({ state }: Pick<Delegation, "state">): boolean {
  return ENDS.has(state);
}

/** Peers that it was offered to, each with why it has not taken it; `barred`: those alone that never will. */
export function triedPeers({ attempts }: Delegation, which: "all" | "barred"): ReadonlyMap<string, string> {
  const chosen = which === "all" ? attempts : attempts.filter(({ isFenced }) => isFenced);
  return new Map(chosen.map(({ peer, reason }) => [peer, reason?.fact ?? ""]));
}

/** @param keepMs how long an answer may fail to come. */
export function nextAction(delegation: Delegation, nowMs: number, keepMs: number): OutgoingAction {
  const { state, peer, weaker, cancelRequested, heardAtMs, attempts } = delegation;
  if (isEnded(delegation)) return { do: "nothing" };
  const attempt = attempts.at(-1);
  const untilMs = heardAtMs + keepMs;
  if (nowMs >= untilMs) return { do: "give-up" };
  if (state === "queued" || peer === null || attempt === undefined) return { do: "choose" };
  switch (state) {
    case "sending":
      return { do: "send", peer, attempt };
    case "unknown":
      // Plain A2A has no question for it.
      if (weaker) return cancelRequested ? { do: "give-up" } : { do: "wait", untilMs };
      return { do: isOver(attempt, nowMs) || cancelRequested ? "fence" : "find", peer, attempt };
    default:
      return { do: cancelRequested ? "cancel" : "poll", peer, attempt };
  }
}

function isOver({ isFenced, acceptBeforeMs }: PeerAttempt, nowMs: number): boolean {
  return isFenced || (acceptBeforeMs !== null && nowMs >= acceptBeforeMs);
}

/**
 * The record after an event: itself where nothing changes. An end stays, whatever comes later.
 * SECURITY: only what proves that nothing of it ran, or will run, at the peer leads away from it: a second peer while
 * the first may have it is the task done twice.
 */
export function advance(delegation: Delegation, event: OutgoingEvent, nowMs: number): Delegation {
  if (event.is === "told") return delegation.told ? delegation : { ...delegation, told: true };
  if (isEnded(delegation)) return delegation;
  const { state, peer, cancelRequested } = delegation;
  const attempt = delegation.attempts.at(-1);
  switch (event.is) {
    case "cancel":
      if (state === "queued") return ended(delegation, "canceled", null, nowMs);
      return cancelRequested ? delegation : { ...delegation, cancelRequested: true };
    case "chosen":
      return state === "queued" ? offered(delegation, event, nowMs) : delegation;
    case "no-peer":
      if (state !== "queued") return delegation;
      return event.isFinal
        ? ended(delegation, "not-accepted", event.reason, nowMs)
        : { ...delegation, reason: event.reason };
    case "recovered": {
      const heardAtMs = Math.max(delegation.heardAtMs, nowMs - event.keepMs + AFTER_RESTART_MS);
      const kept = heardAtMs === delegation.heardAtMs ? delegation : { ...delegation, heardAtMs };
      // It may have gone out right before.
      return state === "sending" ? doubted(kept, null) : kept;
    }
    case "given-up":
      if (state === "queued") return ended(delegation, "not-accepted", event.reason, nowMs);
      return ended(delegation, "lost", event.reason, nowMs);
    case "written-off":
      // What a peer has is canceled there, and what none has may be sent or taken back.
      return state === "unknown" || (event.isGone && (state === "accepted" || state === "working"))
        ? ended(delegation, "lost", event.reason, nowMs)
        : delegation;
  }
  if (peer === null || attempt === undefined || state === "queued") return delegation;
  switch (event.is) {
    case "not-sent":
      if (state !== "sending") return delegation;
      return attempt.inDoubt
        ? doubted(delegation, event.reason)
        : notAccepted(delegation, event.reason, nowMs);
    case "refused":
      if (state !== "sending") return delegation;
      // An earlier copy may come later, when there is room: no other peer before that is impossible.
      if (event.isForEver)
        return notAccepted(withAttempt(delegation, { isFenced: true }), event.reason, nowMs);
      return attempt.inDoubt
        ? doubted(delegation, event.reason, { isFenced: true })
        : notAccepted(delegation, event.reason, nowMs);
    case "silent":
      return state === "sending" ? doubted(delegation, event.reason) : delegation;
    case "task":
      return seen(delegation, event.task, nowMs);
    case "never-seen":
      if (state !== "unknown") return delegation;
      // The same message to the same peer is the same task there, however many copies arrive.
      return isOver(attempt, nowMs) || cancelRequested || delegation.weaker
        ? { ...delegation, heardAtMs: nowMs }
        : { ...delegation, heardAtMs: nowMs, state: "sending" };
    case "fenced":
      if (state !== "unknown") return delegation;
      return notAccepted(
        withAttempt(delegation, { isFenced: true }),
        attempt.reason ?? unanswered(peer),
        nowMs,
      );
    case "gone":
      return state === "accepted" || state === "working"
        ? ended(delegation, "lost", event.reason, nowMs)
        : delegation;
  }
}

/** A peer is asked at least for so long after a start of this gateway, however long that was down. */
const AFTER_RESTART_MS = 3_600_000;

function offered(
  delegation: Delegation,
  event: Extract<OutgoingEvent, { is: "chosen" }>,
  atMs: number,
): Delegation {
  const { peer, agent, rule, weaker, acceptBeforeMs, clockOffsetMs, gateway } = event;
  const known = { atMs, acceptBeforeMs, clockOffsetMs, gateway };
  const attempt: PeerAttempt = {
    peer,
    ...known,
    inDoubt: false,
    isFenced: false,
    outcome: null,
    reason: null,
  };
  const attempts = [...delegation.attempts.slice(-MOST_ATTEMPTS + 1), attempt];
  const heard = { heardAtMs: atMs, reason: null };
  return { ...delegation, ...heard, state: "sending", peer, agent, rule, weaker, attempts, mayHaveRun: true };
}

/** Older ones are forgotten: a peer that has refused it for ever says so again. */
const MOST_ATTEMPTS = 20;

function doubted(
  delegation: Delegation,
  reason: Refusal | null,
  more: Partial<PeerAttempt> = {},
): Delegation {
  const known = reason === null ? {} : { reason };
  const changed = withAttempt(delegation, { inDoubt: true, outcome: "unknown", ...known, ...more });
  return { ...changed, state: "unknown", mayHaveRun: true };
}

function notAccepted(delegation: Delegation, reason: Refusal, nowMs: number): Delegation {
  const left = withAttempt(delegation, { inDoubt: false, outcome: "not-accepted", reason });
  const free = {
    ...left,
    state: "queued",
    peer: null,
    weaker: false,
    mayHaveRun: false,
    heardAtMs: nowMs,
  } as const;
  return delegation.cancelRequested ? ended(free, "canceled", null, nowMs) : free;
}

function seen(delegation: Delegation, task: SeenTask, nowMs: number): Delegation {
  const { taskId, phase, startedAtMs, result, ran, tokens, mayHaveRun } = task;
  const known = delegation.taskId;
  // SECURITY: the answer is about another task; what is said of it is not said of ours.
  if (known !== null && known !== taskId) return delegation;
  const isNew = known === null;
  const held = isNew
    ? withAttempt(delegation, { inDoubt: false, outcome: "accepted", reason: null })
    : delegation;
  const at = { taskId, heardAtMs: nowMs, startedAtMs: delegation.startedAtMs ?? startedAtMs };
  switch (phase) {
    case "accepted":
      // What was seen to work does not wait again, whatever order the answers have.
      return { ...held, ...at, state: delegation.state === "working" ? "working" : "accepted" };
    case "starting":
    case "working":
      return { ...held, ...at, state: "working" };
    default: {
      const told = { ...held, ...at, result, ran, tokens, mayHaveRun: phase === "completed" || mayHaveRun };
      return ended(told, phase, phase === "completed" ? null : failureOf(delegation, task), nowMs);
    }
  }
}

function failureOf({ peer, agent }: Delegation, { phase, reason }: SeenTask): Refusal | null {
  if (phase === "canceled") return null;
  const how: Readonly<Record<string, string>> = {
    interrupted: "was interrupted: that gateway went down meanwhile, and does not know how far it came",
    rejected: "was rejected",
  };
  const said = reason === null ? "" : `: ${reason}`;
  return refusal(
    "DELEGATION_FAILED",
    `the task of agent ${quote(agent)} at peer ${quote(peer ?? "")} ${how[phase] ?? "failed"}${said}`,
  );
}

function unanswered(peer: string): Refusal {
  return refusal("PEER_UNREACHABLE", `peer ${quote(peer)} did not answer in time, and has refused it since`);
}

function ended(
  delegation: Delegation,
  state: DelegationState,
  reason: Refusal | null,
  nowMs: number,
): Delegation {
  const wasNothing = state === "not-accepted" || delegation.state === "queued";
  const mayHaveRun = wasNothing ? false : delegation.mayHaveRun;
  return { ...delegation, state, reason, mayHaveRun, endedAtMs: nowMs };
}

function withAttempt(delegation: Delegation, change: Partial<PeerAttempt>): Delegation {
  const { attempts } = delegation;
  const last = attempts.at(-1);
  return last === undefined
    ? delegation
    : { ...delegation, attempts: [...attempts.slice(0, -1), { ...last, ...change }] };
}

/** Between two questions to a peer that does not answer: 1 s, then twice as long each time, up to 60 s. */
const PAUSE_MS = { least: 1_000, most: 60_000, spread: 0.2 };

/**
 * How long the next question waits, in ms.
 * @param failures in a row, at least 1.
 * @param chance 0..1, so that many do not ask at once.
 */
export function pauseMs(failures: number, chance: number): number {
  const { least, most, spread } = PAUSE_MS;
  const base = Math.min(most, least * 2 ** Math.min(30, Math.max(0, failures - 1)));
  return Math.round(base * (1 - spread + 2 * spread * chance));
}
