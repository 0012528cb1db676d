// Looks again and again, sends what is to be told, and keeps what was: one thing after the other, and no call waits for it.
import type { AlertSettings } from "../../config/resolveAlerts.ts";
import { within } from "../../shared/deadline.ts";
import { messageOf, NodeRouterError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/logger.ts";
import type { Memory } from "../../shared/processMemory.ts";
import { safe, shortened } from "../../shared/safeText.ts";
import type { TextStore } from "../../shared/stateFile.ts";
import {
  type AlertState,
  blindLook,
  forTarget,
  type Holds,
  type Look,
  NO_ALERTS,
  nextAlerts,
  notSent,
  sent,
} from "./alertState.ts";
import { readAlerts, writeAlerts } from "./alertsFile.ts";
import { ALERTS, HEALTHY } from "./alertsHealth.ts";
import { digestText } from "./alertText.ts";

export interface AlertsNeeds {
  readonly memory: Memory;
  readonly log: Logger;
  readonly settings: AlertSettings;
  /** Of the gateway; null: it has none. */
  readonly gatewayName: string | null;
  readonly store: TextStore;
  /** Rejects where nothing can be seen. */
  readonly look: () => Promise<Look>;
  /** Rejects where it was not sent, or nobody knows. */
  readonly send: (text: string) => Promise<void>;
  readonly hasChannel: () => Promise<boolean>;
  /** Epoch ms. */
  readonly now: () => number;
}

const LONGEST_PAUSE_MS = 30_000;
const SHORTEST_PAUSE_MS = 1_000;
/** A look or a send that takes longer has failed. */
const PATIENCE_MS = 60_000;
/** Something in doubt is told when it was so for this long, and so is the end of what has no time of its own. */
const SETTLED_MS = 60_000;
const MAX_FAILURE = 300;

/** What is over was over for as long as it had to be wrong. */
export function holdsOf({ refusedForMs, offlineForMs, residency, mismatch }: AlertSettings): Holds {
  const both = (ms: number | null) => (ms === null ? null : { wrongMs: ms, wellMs: ms });
  return {
    refused: both(refusedForMs),
    offline: both(offlineForMs),
    unlisted: both(offlineForMs),
    residency: both(residency ? SETTLED_MS : null),
    mismatch: mismatch ? { wrongMs: 0, wellMs: SETTLED_MS } : null,
  };
}

/** Milliseconds between two looks: four while the shortest time passes. */
export function pauseOf(holds: Holds): number {
  const times = Object.values(holds).flatMap((hold) =>
    hold === null || hold.wrongMs === 0 ? [] : [hold.wrongMs],
  );
  return Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, Math.min(...times) / 4));
}

/** One round: a look, and the message that it asks for. Never rejects. */
export function createAlertRound(needs: AlertsNeeds): () => Promise<void> {
  const { memory, log, store, now } = needs;
  const { channel, to, accountId } = needs.settings;
  const target = JSON.stringify([channel, to, accountId]);
  const holds = holdsOf(needs.settings);
  // A look itself may take its time.
  const maxGapMs = pauseOf(holds) * 4 + PATIENCE_MS;
  const known = memory.part(ALERTS);
  let written: string | null = null;

  const load = async (): Promise<AlertState> => {
    try {
      const text = await store.read();
      written = text;
      return readAlerts(text);
    } catch (error) {
      log.warn({ reason: messageOf(error) }, "what was told in the chat cannot be read");
      return NO_ALERTS;
    }
  };
  const keep = async (state: AlertState): Promise<void> => {
    known.state = state;
    const text = writeAlerts(state);
    if (text === written) return;
    try {
      await store.write(text);
      written = text;
    } catch (error) {
      log.warn({ reason: messageOf(error) }, "what was told in the chat cannot be kept");
    }
  };
  // One that never loads must not end the rounds.
  const channelSeen = (): Promise<boolean | null> =>
    within(needs.hasChannel(), PATIENCE_MS, "the channel did not load").catch(() => null);
  const seen = async (before: AlertState): Promise<Look | null> => {
    try {
      return await within(needs.look(), PATIENCE_MS, "agents and nodes were not looked at");
    } catch (error) {
      log.debug({ reason: messageOf(error) }, "agents and nodes cannot be looked at");
      // Of any other fault nobody knows whether the nodes could be listed.
      const isUnlisted = error instanceof NodeRouterError && error.code === "INVENTORY_UNAVAILABLE";
      return isUnlisted ? blindLook(before, error.refusal.fact) : null;
    }
  };
  const send = async (text: string): Promise<string | null> => {
    try {
      await within(needs.send(text), PATIENCE_MS, "the channel did not take the message");
      return null;
    } catch (error) {
      const reason = shortened(safe(messageOf(error)), MAX_FAILURE);
      log.warn({ reason }, "an alert could not be sent; it is tried again");
      return reason;
    }
  };

  return async () => {
    const hasChannel = await channelSeen();
    known.health = { ...known.health, hasChannel };
    const before = forTarget(known.state ?? (await load()), target);
    const look = await seen(before);
    const { state, digest } = nextAlerts(before, look, holds, now(), maxGapMs);
    if (digest === null) return keep(state);
    const failure = await send(digestText(digest, needs.gatewayName, now()));
    const next = failure === null ? sent(state, digest, now()) : notSent(state, now());
    known.health = { hasChannel, failure, retryAtMs: next.retryAtMs };
    return keep(next);
  };
}

/** Rounds until it is stopped. @returns stops. */
export function keepAlerts(needs: AlertsNeeds): () => void {
  const known = needs.memory.part(ALERTS);
  // Whoever has corrected the channel need not wait for the next try, nor hear what became of the one before.
  const anew = async (): Promise<void> => {
    known.health = HEALTHY;
    if (known.state !== null) known.state = { ...known.state, failures: 0, retryAtMs: 0 };
  };
  void known.turns.run("round", anew);
  const round = createAlertRound(needs);
  const inTurn = () =>
    known.turns
      .run("round", async () => (isOver ? undefined : round()))
      .catch((error: unknown) => needs.log.error({ reason: messageOf(error) }, "a round of alerts failed"));
  const pauseMs = pauseOf(holdsOf(needs.settings));
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  const again = (): void => {
    if (isOver) return;
    timer = setTimeout(() => void inTurn().finally(again), pauseMs);
    timer.unref();
  };
  again();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
