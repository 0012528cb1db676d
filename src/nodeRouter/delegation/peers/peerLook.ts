// What one look at a peer says of it. Pure.
import { refusalLine } from "../../../shared/refusal.ts";
import { quote } from "../../../shared/safeText.ts";
import type { PeerAnswer } from "../carrier/peerClient.ts";
import { readCard } from "../protocol/card.ts";
import type { KnownPeer } from "./knownPeers.ts";

/** Of this many looks in a row nothing came: it is away. One may be a lost packet, or a reload. */
const MISSES = 2;

/** One look, as it was seen from here. */
export interface PeerLook {
  readonly answer: PeerAnswer;
  /** It speaks plain A2A, which need not know the question: any answer says that it is there. */
  readonly isPlain: boolean;
  /** Epoch ms at which the answer came. */
  readonly nowMs: number;
}

/**
 * What is known after a look.
 * @param gateway id of this gateway, which is no peer of itself.
 */
export function afterLook(
  before: KnownPeer,
  { answer, isPlain, nowMs }: PeerLook,
  gateway: string,
): KnownPeer {
  switch (answer.is) {
    case "not-sent":
    case "no-answer":
      return afterMiss(before, refusalLine(answer.why), nowMs);
    case "status":
      // The gateway itself answers so while it starts, stops or takes a new copy of the plugin in.
      if (answer.status >= 500) return afterMiss(before, statusWords(answer.status), nowMs);
      return { ...heard(before, nowMs), unfit: statusWords(answer.status) };
    case "rejected": {
      const words = `answered ${quote(answer.message.slice(0, 200))}`;
      return { ...heard(before, nowMs), unfit: isPlain ? null : words };
    }
    case "result":
      return afterCard(heard(before, nowMs), answer.result, answer.rttMs, nowMs, gateway);
  }
}

/** A task found out that it answers, or that it does not. */
export function afterTask(before: KnownPeer, answered: boolean, nowMs: number): KnownPeer {
  return answered
    ? heard(before, nowMs)
    : afterMiss(before, before.failure ?? "it did not answer a task", nowMs);
}

function afterCard(
  before: KnownPeer,
  result: unknown,
  rttMs: number,
  nowMs: number,
  gateway: string,
): KnownPeer {
  const read = readCard(result);
  const known = { ...before, rttMs: Math.round(rttMs) };
  if (read === null) return { ...known, unfit: "answered with what is no agent card" };
  const { extension: card, agents } = read;
  if (card === null) return { ...known, card, agents, clockOffsetMs: null, unfit: null };
  const clockOffsetMs = Math.round(card.nowMs + rttMs / 2 - nowMs);
  const unfit = card.gateway === gateway ? "was this gateway itself" : null;
  return { ...known, card, agents, clockOffsetMs, unfit };
}

function heard(before: KnownPeer, nowMs: number): KnownPeer {
  const back = before.online !== true;
  return {
    ...before,
    online: true,
    misses: 0,
    failure: null,
    heardMs: nowMs,
    sinceMs: back ? nowMs : before.sinceMs,
    flaps: before.online === false ? before.flaps + 1 : before.flaps,
  };
}

function afterMiss(before: KnownPeer, failure: string, nowMs: number): KnownPeer {
  const misses = before.misses + 1;
  const isAway = before.online === false || misses >= MISSES;
  const wentNow = isAway && before.online !== false;
  return {
    ...before,
    misses,
    failure,
    online: isAway ? false : before.online,
    sinceMs: wentNow ? nowMs : before.sinceMs,
    flaps: wentNow && before.online === true ? before.flaps + 1 : before.flaps,
  };
}

function statusWords(status: number): string {
  switch (status) {
    case 401:
      return "refused our token";
    case 404:
      return "answered, and had no peer route (is the plugin installed there, with accept configured for us?)";
    case 429:
      return "was asked too often";
    default:
      return `answered with HTTP ${status}`;
  }
}
