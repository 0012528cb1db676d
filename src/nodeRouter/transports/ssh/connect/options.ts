// How long a connection may take, and what one is asked with.
import type { Client } from "ssh2";
import type { ConnectEnv } from "./base/env.ts";
import type { HopPlace } from "./base/machineName.ts";
import type { Step } from "./base/steps.ts";
import type { Hop } from "./hops.ts";

export interface ConnectOptions {
  /** For each TCP connection; default 5000. */
  readonly tcpTimeoutMs?: number;
  /** See `TcpRequest`; default null. */
  readonly redialMs?: number | null;
  /** From there to the end of each login; default 10000. */
  readonly handshakeTimeoutMs?: number;
  /** Default 5000; 0 = none. */
  readonly keepaliveIntervalMs?: number;
  /** Keepalives without an answer after which a connection is lost; default 3. */
  readonly keepaliveCountMax?: number;
  /** Told when keys were exchanged and the host key is believed, with how long that took in ms; of each hop. */
  readonly onExchanged?: (ms: number) => void;
  /** For a shell to be ready, and for a word to come back from it; `probe` alone. Default as for commands. */
  readonly readyMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ConnectLimits {
  readonly tcpTimeoutMs: number;
  readonly redialMs: number | null;
  readonly handshakeTimeoutMs: number;
  readonly keepaliveIntervalMs: number;
  readonly keepaliveCountMax: number;
  readonly onExchanged: ((ms: number) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Milliseconds; 5 s for TCP, 10 s for the handshake, and three keepalives of 5 s without an answer end a connection.
 */
export function withDefaults(options: ConnectOptions): ConnectLimits {
  return {
    tcpTimeoutMs: options.tcpTimeoutMs ?? 5_000,
    redialMs: options.redialMs ?? null,
    handshakeTimeoutMs: options.handshakeTimeoutMs ?? 10_000,
    keepaliveIntervalMs: options.keepaliveIntervalMs ?? 5_000,
    keepaliveCountMax: options.keepaliveCountMax ?? 3,
    onExchanged: options.onExchanged,
    signal: options.signal,
  };
}

/** What counts for one machine: ssh_config may have silence noticed sooner, never later. */
export function limitsFor(limits: ConnectLimits, { network, proxyCommand }: Hop): ConnectLimits {
  const { keepaliveIntervalMs: interval, keepaliveCountMax: count } = network;
  const isStricter = interval !== null && interval < limits.keepaliveIntervalMs;
  return {
    ...limits,
    keepaliveIntervalMs: isStricter ? interval : limits.keepaliveIntervalMs,
    keepaliveCountMax: isStricter && count !== null ? count : limits.keepaliveCountMax,
    // A ProxyCommand connects while the handshake waits.
    handshakeTimeoutMs:
      limits.handshakeTimeoutMs +
      (proxyCommand === null ? 0 : (network.connectTimeoutMs ?? limits.tcpTimeoutMs)),
  };
}

/** One machine to get to. */
export interface HopRequest {
  readonly hop: Hop;
  readonly place: HopPlace;
  /** The connection to go through; null = straight. */
  readonly via: { readonly client: Client; readonly name: string } | null;
  readonly env: ConnectEnv;
  readonly limits: ConnectLimits;
  /** Filled as it goes. */
  readonly steps: Step[];
}
