// The connections to one node: those that are open, those on their way, and when another may be tried.
import type { Client } from "ssh2";
import { messageOf } from "../../../../shared/errors.ts";
import type { Logger } from "../../../../shared/logger.ts";
import { type Refusal, refusal, refusalLine } from "../../../../shared/refusal.ts";
import { quote } from "../../../../shared/safeText.ts";
import { Connection } from "../session/connection.ts";
import {
  afterAttempt,
  afterFailure,
  afterRefusal,
  afterSuccess,
  type Breaker,
  CLOSED,
  LASTS_MS,
  NEVER_PROBED,
  type Probing,
  probeWaitMs,
  waitMs,
} from "./breaker.ts";
import { misbehaved, notTried } from "./refusals.ts";

/** After a connection that lasted so long, one that had to be ended is the first of its kind again. */
const FORGIVEN_MS = 10 * 60_000;

export type ConnectResult =
  | { readonly ok: true; readonly client: Client }
  | (Refusal & {
      readonly ok: false;
      /** Only these open the circuit breaker. */
      readonly transportFailure: boolean;
      /** False: no TCP connection came about, so presence may soon try again. Absent: one did, or nobody knows. */
      readonly tcpReached?: false;
    });

export type ConnectFailure = Extract<ConnectResult, { ok: false }>;

export interface ConnectionsOptions {
  readonly node: string;
  /** Connections of which something is heard; each holds at most 8 sessions. */
  readonly most: number;
  readonly connect: (signal: AbortSignal) => Promise<ConnectResult>;
  /** Epoch ms. */
  readonly now: () => number;
  readonly log: Logger;
  /** @param isFirst whether there was none that could be used. */
  readonly onOpen: (isFirst: boolean) => void;
  readonly onFailure: (failure: ConnectFailure) => void;
  /** It is gone; `error` is what it said, if anything. */
  readonly onEnd: (connection: Connection, error: string | null) => void;
  /** A session of it does not end though it was closed. */
  readonly onHang: (connection: Connection, fact: string) => void;
  /** The breaker is closed again, after somebody asked in vain. */
  readonly onRetry: () => void;
}

export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #open = new Set<Connection>();
  /** Attempts under way; each is whether nobody but presence asked for it. */
  readonly #attempts = new Set<{ readonly isProbe: boolean }>();
  readonly #abort = new AbortController();
  #breaker: Breaker = CLOSED;
  /** Of connections that were ended for what the node did: it lets one in each time, so that alone is no success. */
  #misconduct: Breaker = CLOSED;
  #probing: Probing = NEVER_PROBED;
  #retryTimer: NodeJS.Timeout | null = null;
  /** What was logged last of a failure: presence would say the same every few seconds. */
  #logged: string | null = null;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** Open ones, also those of which nothing is heard. */
  get size(): number {
    return this.#open.size;
  }

  get usable(): number {
    return this.all().filter(({ isSilent }) => !isSilent).length;
  }

  get connecting(): number {
    return this.#attempts.size;
  }

  get isDestroyed(): boolean {
    return this.#abort.signal.aborted;
  }

  all(): readonly Connection[] {
    return [...this.#open];
  }

  /** Why commands are refused without an attempt; null: they are not. */
  refusal(): Refusal | null {
    const wait = waitMs(this.#breaker, this.#options.now());
    return wait > 0 ? notTried(this.#options.node, this.#breaker, wait) : null;
  }

  /** Whether every attempt under way is one of presence while commands are refused: they do not wait for it. */
  get isOnlyProbing(): boolean {
    return this.refusal() !== null && [...this.#attempts].every(({ isProbe }) => isProbe);
  }

  /** For a command. What comes of it is told by the events. */
  add(): void {
    this.#try(false);
  }

  /** Tells when commands are no longer refused. */
  retryLater(): void {
    this.#retryIn(waitMs(this.#breaker, this.#options.now()));
  }

  /** For presence: also while commands are refused, at its own pace. */
  probe(): void {
    this.#try(true);
  }

  get mayProbe(): boolean {
    return probeWaitMs(this.#probing, this.#options.now()) === 0;
  }

  /** The server gave a connection, and it was no use. */
  noteUseless(): void {
    this.#probing = afterRefusal(this.#probing, this.#options.now());
  }

  /** No longer one of ours; whoever uses it ends it. */
  leave(connection: Connection): void {
    this.#open.delete(connection);
  }

  destroy(): void {
    this.#abort.abort();
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    for (const connection of this.#open) connection.destroy();
  }

  /** Silent ones end soon, or when what runs on them has ended; until then they must not pile up either. */
  get isFull(): boolean {
    const { most } = this.#options;
    const coming = this.#attempts.size;
    return this.usable + coming >= most || this.size + coming >= 2 * most;
  }

  #try(isProbe: boolean): void {
    const { node, now, connect } = this.#options;
    const attempt = { isProbe };
    this.#attempts.add(attempt);
    this.#probing = afterAttempt(this.#probing, now());
    void connect(this.#abort.signal)
      .catch(
        (error: unknown): ConnectResult => ({
          ok: false,
          ...refusal("NODE_UNREACHABLE", `node ${quote(node)} could not be connected: ${messageOf(error)}`),
          transportFailure: true,
        }),
      )
      .then((result) => {
        this.#attempts.delete(attempt);
        if (result.ok) this.#adopt(new Connection(result.client));
        else this.#failed(result, isProbe);
      });
  }

  #failed(failure: ConnectFailure, isProbe: boolean): void {
    const { node, now, log, onFailure } = this.#options;
    const message = refusalLine(failure);
    if (failure.tcpReached !== false) this.noteUseless();
    if (failure.transportFailure) {
      this.#breaker = afterFailure(this.#breaker, now(), failure);
      this.#retryIn(waitMs(this.#breaker, now()));
    }
    if (!isProbe || message !== this.#logged) log.warn({ node, reason: message }, "ssh: no connection");
    this.#logged = message;
    onFailure(failure);
  }

  #adopt(connection: Connection): void {
    const { node, now, log, onOpen, onEnd, onHang } = this.#options;
    this.#breaker = CLOSED;
    this.#logged = null;
    if (this.#abort.signal.aborted) {
      connection.destroy();
      return;
    }
    const isFirst = this.usable === 0;
    const sinceMs = now();
    this.#open.add(connection);
    // Before anything else is tried.
    connection.onHang = (fact) => onHang(connection, fact);
    connection.onFailure = (fact) => this.#misbehaved(fact, now() - sinceMs);
    void connection.closed.then((error) => {
      this.leave(connection);
      if (connection.failure !== null) this.noteUseless();
      else if (!connection.isDropped && now() - sinceMs < LASTS_MS) this.noteUseless();
      else this.#probing = afterSuccess(this.#probing);
      log.info({ node, reason: error ?? "closed" }, "ssh: connection ended");
      onEnd(connection, error);
    });
    onOpen(isFirst);
  }

  /** Commands are refused for a growing while, as after a failure to connect; presence tries less and less. */
  #misbehaved(fact: string, lastedMs: number): void {
    const { node, now, log } = this.#options;
    const before = lastedMs >= FORGIVEN_MS ? CLOSED : this.#misconduct;
    this.#misconduct = afterFailure(before, now(), misbehaved(node, fact));
    this.#breaker = this.#misconduct;
    log.warn({ node, reason: fact }, "ssh: the connection was ended for what the node did");
  }

  /** For commands that run or wait on another connection, and lack a keeper or room. */
  #retryIn(ms: number): void {
    if (this.#retryTimer !== null) return;
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = null;
      this.#options.onRetry();
    }, ms);
    this.#retryTimer.unref();
  }
}
