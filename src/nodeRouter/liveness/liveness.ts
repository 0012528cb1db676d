// Whether the hooks of agent runs are live. After a hot install the host registers our services but goes on
// running agents without our hooks (OpenClaw 2026.9.6), so exec would silently run on the gateway.
import { BoundedMap } from "../../shared/bounded.ts";
import { definePart } from "../../shared/processMemory.ts";
import { refusal } from "../../shared/refusal.ts";

/** After the services start, the host registers the hooks within a second; waited for before alarm. */
export const LIVENESS_GRACE_MS = 2_500;

/** Runs remembered as seen. */
const MAX_RUNS = 4_096;

/** What was seen of the hooks since the process began. */
export interface HooksSeen {
  /** Epoch ms of the last `full` and of the last hook-carrying registration; null before the first. */
  fullRegisteredAtMs: number | null;
  hooksRegisteredAtMs: number | null;
  /** How often the hooks were to be brought to life since they were last seen live. */
  revivals: number;
  /** Agents whose last exec was seen to run without our hooks. */
  readonly missedAgents: Set<string>;
  /** Runs in which our policy was asked at least once. */
  readonly evaluatedRuns: BoundedMap<string, true>;
}

export const HOOKS_SEEN = definePart<HooksSeen>("hooks-seen", 1, () => ({
  fullRegisteredAtMs: null,
  hooksRegisteredAtMs: null,
  revivals: 0,
  missedAgents: new Set(),
  evaluatedRuns: new BoundedMap(MAX_RUNS),
}));

/** Notes that the host registers the plugin now. @param nowMs epoch ms. */
export function noteRegistration(seen: HooksSeen, mode: string, nowMs: number): void {
  if (mode === "full") seen.fullRegisteredAtMs = nowMs;
  if (mode === "discovery") {
    seen.hooksRegisteredAtMs = nowMs;
    seen.missedAgents.clear();
  }
}

export type Liveness =
  /** Registered after the services, so agent runs have them. */
  | "live"
  /** The grace time is not over. */
  | "starting"
  | "not-live";

/** @param nowMs epoch ms. */
export function hookLiveness(
  seen: Pick<HooksSeen, "fullRegisteredAtMs" | "hooksRegisteredAtMs">,
  nowMs: number,
): Liveness {
  const { fullRegisteredAtMs: full, hooksRegisteredAtMs: hooks } = seen;
  if (hooks !== null && (full === null || hooks >= full)) return "live";
  return full !== null && nowMs - full < LIVENESS_GRACE_MS ? "starting" : "not-live";
}

/** For health and status. */
export const NOT_LIVE = refusal(
  "HOOKS_NOT_LIVE",
  "the gateway runs agents without node-router's hooks, so their commands are not placed",
  { advice: 'run "openclaw plugins reload node-router" or restart the gateway' },
);
