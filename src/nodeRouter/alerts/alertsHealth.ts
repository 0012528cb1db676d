// How alerts get on, for the doctor, and what they know that outlives a reload of the plugin.
import { createTurns, type Turns } from "../../shared/inTurn.ts";
import { definePart } from "../../shared/processMemory.ts";
import type { AlertState } from "./alertState.ts";

export interface AlertsHealth {
  /** Whether the gateway has the channel; null: nobody has looked yet. */
  readonly hasChannel: boolean | null;
  /** Why the last message could not be sent; null: it could, or there was none. */
  readonly failure: string | null;
  /** Epoch ms of the next try; 0: none is due. */
  readonly retryAtMs: number;
}

interface AlertsKnown {
  health: AlertsHealth;
  /** Null: what an earlier life of the gateway has kept was not read yet. */
  state: AlertState | null;
  /** One round at a time: over a reload that of the earlier registration may still be sending. */
  readonly turns: Turns;
}

/** As long as nothing was tried. */
export const HEALTHY: AlertsHealth = { hasChannel: null, failure: null, retryAtMs: 0 };

export const ALERTS = definePart(
  "alerts",
  2,
  (): AlertsKnown => ({ health: HEALTHY, state: null, turns: createTurns() }),
);
