// What is told of the tunnels that this gateway keeps, and where the one who keeps them is found. Types, and words.
import type { ResolvedConfig } from "../../config/resolve.ts";
import { isoTime } from "../../shared/isoTime.ts";
import type { Logger } from "../../shared/logger.ts";
import { defineSlot } from "../../shared/processMemory.ts";
import { refusalWords } from "../../shared/refusal.ts";
import type { Door } from "./gatewayDoor.ts";
import type { TunnelState } from "./tunnelState.ts";

export interface TunnelStatus {
  /** `blocked`: waiting alone will not mend it. `down`: it is tried again all the time. */
  readonly state: "up" | "down" | "blocked";
  /** On the node's 127.0.0.1. */
  readonly port: number;
  /** ISO 8601 since when it is up, or is not; null: not known. */
  readonly since: string | null;
  /** Attempts that failed since it was last up. */
  readonly retries: number;
  /** What kept the last attempt from coming up, or ended it; null: it is up, or nothing has failed yet. */
  readonly code: string | null;
  readonly reason: string | null;
  /** Connections through it that are open now. */
  readonly connections: number;
}

/** What the keeper needs of the newest registration; all of it may change with a reload. */
export interface TunnelNeeds {
  readonly config: () => ResolvedConfig;
  readonly door: () => Door;
  readonly log: Logger;
}

/** One that is kept. */
export interface TunnelNow {
  readonly state: TunnelState;
  readonly port: number;
  /** Open through it. */
  readonly connections: number;
}

export interface TunnelKeeper {
  /** Keeps the tunnels of the config as it is now: opens, ends and changes; those that stay as they are stay open. */
  use(needs: TunnelNeeds): void;
  /** By inventory name. */
  now(): ReadonlyMap<string, TunnelNow>;
  /**
   * Ends all in a while, unless `use` comes before: a reload of the plugin drops nothing.
   * @param of whose end it is: where another registration took over already, nothing ends.
   */
  release(of: TunnelNeeds): void;
  /** Ends all now. */
  stop(): void;
}

export const TUNNELS = defineSlot<TunnelKeeper>("tunnels", 1);

/** What is told of it, in words. */
export function tunnelStatus({ state, port, connections }: TunnelNow): TunnelStatus {
  if (state.is === "up") {
    return told("up", port, isoTime(state.sinceMs), connections);
  }
  if (state.is === "off") return told("down", port);
  const { sinceMs, retries, setback } = state;
  return {
    ...told(setback?.isBlocked === true ? "blocked" : "down", port, isoTime(sinceMs)),
    retries,
    code: setback?.reason.code ?? null,
    reason: setback === null ? null : refusalWords(setback.reason),
  };
}

/** The tunnel of each node that has one in the config, also where nobody keeps any. */
export function tunnelsOf(
  config: ResolvedConfig,
  keeper: Pick<TunnelKeeper, "now"> | null,
): ReadonlyMap<string, TunnelStatus> {
  const kept = keeper?.now();
  const wanted = [...config.nodes.values()].flatMap(({ name, tunnelPort }) => {
    if (tunnelPort === null) return [];
    const now = kept?.get(name);
    return [[name, now === undefined ? told("down", tunnelPort) : tunnelStatus(now)] as const];
  });
  return new Map(wanted);
}

function told(
  state: TunnelStatus["state"],
  port: number,
  since: string | null = null,
  connections = 0,
): TunnelStatus {
  return { state, port, since, retries: 0, code: null, reason: null, connections };
}
