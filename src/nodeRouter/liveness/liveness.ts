// Whether the hooks of agent runs are live. After a hot install the host registers our services but goes on
// running agents without our hooks (OpenClaw 2026.9.6), so exec would silently run on the gateway. Pure.
import type { SharedState } from "../process/sharedState.ts";

/** After the services start, the host registers the hooks within a second; waited for before alarm. */
export const LIVENESS_GRACE_MS = 2_500;

export type Liveness =
  /** Registered after the services, so agent runs have them. */
  | "live"
  /** The grace time is not over. */
  | "starting"
  | "not-live";

/** @param nowMs epoch ms. */
export function hookLiveness(
  state: Pick<SharedState, "fullRegisteredAtMs" | "hooksRegisteredAtMs">,
  nowMs: number,
): Liveness {
  const { fullRegisteredAtMs: full, hooksRegisteredAtMs: hooks } = state;
  if (hooks !== null && (full === null || hooks >= full)) return "live";
  return full !== null && nowMs - full < LIVENESS_GRACE_MS ? "starting" : "not-live";
}

/** The sentence for health, status and doctor. */
export const HOOKS_NOT_LIVE =
  'HOOKS_NOT_LIVE: the gateway runs agents without node-router\'s hooks, so their commands are not placed; run "openclaw plugins reload node-router" or restart the gateway.';
