// What a kept tunnel does next: one state, one event, the next state and what is to be done. Pure.
import type { Refusal } from "../../shared/refusal.ts";

/** Why there is no tunnel now. */
export interface Setback {
  readonly reason: Refusal;
  /** Waiting alone will not mend it: somebody has to change something. */
  readonly isBlocked: boolean;
}

export type TunnelState =
  /** Not wanted, or not begun. Nothing is open and nothing waits. */
  | { readonly is: "off" }
  /** One attempt is on its way. */
  | (Away & { readonly is: "opening"; readonly fromMs: number })
  /** The next attempt has a timer. */
  | (Away & { readonly is: "waiting"; readonly forMs: number })
  | { readonly is: "up"; readonly attempt: number; readonly sinceMs: number };

interface Away {
  /** Number of the attempt that is open, or was last. Never used twice. */
  readonly attempt: number;
  /** Attempts that failed since it was last up. */
  readonly retries: number;
  /** Epoch ms since when it is not up. */
  readonly sinceMs: number;
  /** Null: nothing has failed yet. */
  readonly setback: Setback | null;
}

export type TunnelEvent =
  | { readonly is: "start" }
  | { readonly is: "stop" }
  /** The timer of the state. */
  | { readonly is: "due" }
  | { readonly is: "opened"; readonly attempt: number }
  /** It did not come up, or was up and ended. */
  | ({ readonly is: "failed"; readonly attempt: number } & Setback);

export type TunnelEffect =
  | { readonly do: "open"; readonly attempt: number }
  /** Gives up what this attempt has or is about to have. */
  | { readonly do: "close"; readonly attempt: number }
  /** Replaces the timer there was. */
  | { readonly do: "wake"; readonly afterMs: number };

export interface TunnelStep {
  readonly state: TunnelState;
  readonly effects: readonly TunnelEffect[];
}

/** A node host that lost its connection tries again after 1 s: until then there should be a tunnel. */
const AT_ONCE_MS = 100;
/** One that was up for less is likely to be lost again. */
const STEADY_MS = 10_000;
/** A link that heals is met by the next attempt: so the wait is short, until nobody expects it to heal soon. */
const RETRY_MS = 1_000;
const AFTER_10_MIN_MS = 3_000;
const AFTER_1_HOUR_MS = 10_000;
const TAKEN_RETRY_MS = 2_000;
/** Each attempt is a login, and some machines count those. */
const BLOCKED_RETRY_MS = 15_000;
const LONG_BLOCKED_RETRY_MS = 60_000;

/** How long from one attempt to the next, in ms. @param downMs how long it has not been up. */
export function retryAfter({ isBlocked, reason }: Setback, retries: number, downMs: number): number {
  // Whoever has it may be about to end, as an sshd whose connection is gone does.
  if (reason.code === "TUNNEL_PORT_TAKEN" && downMs < 10 * 60_000) return TAKEN_RETRY_MS;
  if (isBlocked) return retries <= 4 ? BLOCKED_RETRY_MS : LONG_BLOCKED_RETRY_MS;
  if (downMs < 10 * 60_000) return RETRY_MS;
  return downMs < 60 * 60_000 ? AFTER_10_MIN_MS : AFTER_1_HOUR_MS;
}

/**
 * @param last the number of the last attempt ever, so that none is used twice.
 * @param nowMs epoch ms.
 */
export function nextTunnelState(
  state: TunnelState,
  event: TunnelEvent,
  last: number,
  nowMs: number,
): TunnelStep {
  const stays: TunnelStep = { state, effects: [] };
  switch (event.is) {
    case "start":
      return state.is === "off"
        ? begin({ attempt: last, retries: 0, sinceMs: nowMs, setback: null }, last, nowMs)
        : stays;
    case "due":
      return state.is === "waiting" ? begin(state, last, nowMs) : stays;
    case "stop":
      return {
        state: { is: "off" },
        effects: state.is === "off" ? [] : [{ do: "close", attempt: state.attempt }],
      };
    case "opened": {
      const isAwaited = state.is === "opening" && state.attempt === event.attempt;
      if (!isAwaited) return { state, effects: isUp(state, event.attempt) ? [] : [closing(event.attempt)] };
      return { state: { is: "up", attempt: state.attempt, sinceMs: nowMs }, effects: [] };
    }
    case "failed": {
      if (state.is === "off" || state.is === "waiting" || state.attempt !== event.attempt) return stays;
      const { attempt, reason, isBlocked } = event;
      const sinceMs = state.is === "up" ? nowMs : state.sinceMs;
      const retries = state.is === "up" ? 0 : state.retries + 1;
      const setback = { reason, isBlocked };
      const isFirst = state.is === "up" && !isBlocked && nowMs - state.sinceMs >= STEADY_MS;
      const pauseMs = retryAfter(setback, retries, nowMs - sinceMs);
      // An attempt that met silence has waited already: the next one may be the one that meets the healed link.
      const waitedMs = state.is === "opening" && !isBlocked ? nowMs - state.fromMs : 0;
      const forMs = isFirst ? AT_ONCE_MS : Math.max(AT_ONCE_MS, pauseMs - waitedMs);
      return {
        state: { is: "waiting", attempt, retries, sinceMs, setback, forMs },
        effects: [closing(attempt), { do: "wake", afterMs: forMs }],
      };
    }
  }
}

function begin({ retries, sinceMs, setback }: Away, last: number, nowMs: number): TunnelStep {
  const attempt = last + 1;
  return {
    state: { is: "opening", attempt, retries, sinceMs, setback, fromMs: nowMs },
    effects: [{ do: "open", attempt }],
  };
}

function closing(attempt: number): TunnelEffect {
  return { do: "close", attempt };
}

function isUp(state: TunnelState, attempt: number): boolean {
  return state.is === "up" && state.attempt === attempt;
}
