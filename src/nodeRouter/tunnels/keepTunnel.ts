// Keeps one tunnel up: carries out what the states say, one attempt at a time.
import { messageOf } from "../../shared/errors.ts";
import { refusal, refusalLine } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import type { OpenedTunnel, Tunnel } from "./oneTunnel.ts";
import { nextTunnelState, type TunnelEffect, type TunnelEvent, type TunnelState } from "./tunnelState.ts";
import type { TunnelNow } from "./tunnelStatus.ts";

export interface KeepOptions {
  /** Inventory name. */
  readonly node: string;
  readonly port: number;
  readonly open: (signal: AbortSignal) => Promise<OpenedTunnel>;
  /** Epoch ms. */
  readonly now: () => number;
  /** Runs it once after so many ms; gives what cancels that. */
  readonly after: (ms: number, run: () => void) => () => void;
  /** @param isTrouble whether somebody should look. */
  readonly say: (text: string, isTrouble: boolean) => void;
}

export interface KeptTunnel {
  now(): TunnelNow;
  /** At once; begins nothing after that. */
  stop(): void;
}

interface Attempt {
  readonly abort: AbortController;
  tunnel: Tunnel | null;
}

/** Begins at once. */
export function keepTunnel({ node, port, open, now, after, say }: KeepOptions): KeptTunnel {
  let state: TunnelState = { is: "off" };
  let last = 0;
  let cancel = (): void => {};
  let told = "";
  const attempts = new Map<number, Attempt>();

  const on = (event: TunnelEvent): void => {
    const step = nextTunnelState(state, event, last, now());
    state = step.state;
    for (const effect of step.effects) carryOut(effect);
    tell();
  };

  const carryOut = (effect: TunnelEffect): void => {
    switch (effect.do) {
      case "open":
        begin(effect.attempt);
        break;
      case "close": {
        const attempt = attempts.get(effect.attempt);
        attempts.delete(effect.attempt);
        attempt?.abort.abort();
        attempt?.tunnel?.close();
        break;
      }
      case "wake":
        cancel();
        cancel = after(effect.afterMs, () => on({ is: "due" }));
    }
  };

  const begin = (number: number): void => {
    last = number;
    const attempt: Attempt = { abort: new AbortController(), tunnel: null };
    attempts.set(number, attempt);
    const fault = (error: unknown): OpenedTunnel => ({
      ok: false,
      isBlocked: true,
      ...refusal("NODE_UNREACHABLE", `the tunnel to node ${quote(node)} failed: ${messageOf(error)}`),
    });
    void open(attempt.abort.signal)
      .catch(fault)
      .then((opened) => {
        if (!opened.ok) {
          on({ is: "failed", attempt: number, reason: opened, isBlocked: opened.isBlocked });
          return;
        }
        // Given up meanwhile.
        if (attempts.get(number) !== attempt) {
          opened.tunnel.close();
          return;
        }
        attempt.tunnel = opened.tunnel;
        on({ is: "opened", attempt: number });
        void opened.tunnel.closed.then((why) =>
          on({ is: "failed", attempt: number, reason: why, isBlocked: why.isBlocked }),
        );
      });
  };

  const current = (): Tunnel | null =>
    state.is === "up" ? (attempts.get(state.attempt)?.tunnel ?? null) : null;

  /** Once for each thing that there is to say, and not at each attempt. */
  const tell = (): void => {
    const setback = state.is === "waiting" ? state.setback : null;
    const about = state.is === "up" ? "up" : (setback?.reason.code ?? told);
    if (about === told) return;
    told = about;
    if (setback !== null) say(`tunnel: ${refusalLine(setback.reason)}`, true);
    else say(`tunnel: 127.0.0.1:${port} of node ${quote(node)} leads to the gateway`, false);
  };

  on({ is: "start" });
  return {
    now: () => ({ state, port, connections: current()?.connections() ?? 0 }),
    stop() {
      cancel();
      on({ is: "stop" });
    },
  };
}
