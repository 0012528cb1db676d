// What a pool is made with, and how much of everything it may hold.
import type { Client } from "ssh2";
import type { Logger } from "../../../../shared/logger.ts";
import type { Failure } from "../connect/failure.ts";

export type PoolConnectResult = { readonly ok: true; readonly client: Client } | Failure;

export interface PoolOptions {
  readonly node: string;
  readonly loginShell: boolean;
  readonly connect: (signal: AbortSignal) => Promise<PoolConnectResult>;
  /** Epoch ms. */
  readonly now: () => number;
  /** Milliseconds of a clock that is never set; default: the process's own. */
  readonly monotonic?: () => number;
  readonly log: Logger;
  /** There was no connection, and now there is one. */
  readonly onConnect?: () => void;
  readonly limits?: Partial<PoolLimits>;
}

export interface PoolLimits {
  /** Connections to one node; each holds at most 8 sessions. */
  readonly connections: number;
  /** Runners that wait ahead of use. */
  readonly warm: number;
  /** Commands that wait for a session. */
  readonly queue: number;
  /** How long a command waits for a session. */
  readonly queueMs: number;
  /** After which a runner that is not ready counts as failed. */
  readonly readyMs: number;
  /** After which unused connections are closed. */
  readonly idleMs: number;
}

export const LIMITS: PoolLimits = {
  connections: 5,
  warm: 4,
  queue: 256,
  queueMs: 30_000,
  readyMs: 15_000,
  idleMs: 600_000,
};
