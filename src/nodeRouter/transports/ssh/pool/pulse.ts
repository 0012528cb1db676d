// Whether one node is there: a question to its keeper, and what is known when there is none to ask.

import type { PingResult } from "../../transport.ts";
import type { Connection } from "../session/connection.ts";
import type { Connections } from "./connections.ts";
import type { Keeping } from "./keeping.ts";

export interface PulseOptions {
  readonly connections: Connections;
  readonly keeping: Keeping;
  readonly isClosing: () => boolean;
  /** Epoch ms. */
  readonly now: () => number;
  /** Milliseconds of a clock that is never set. */
  readonly monotonic: () => number;
  /** The node is asked: what that needs is to be opened, as far as it may be. */
  readonly onAsk: () => void;
  /** Nothing was heard of these while the node was asked twice. */
  readonly onSilent: (connections: readonly Connection[]) => void;
}

/** A lost packet makes one; TCP has sent it again before the second. */
const SILENCES = 2;
/** Output that fills a slow way delays the answer by so much at most. */
const DEAF_MS = 60_000;
/** So long a ping keeps the connection that it asked for: with very many nodes they come seldom. */
const HELD_MS = 120_000;

type Verdict = Extract<PingResult, { kind: "down" | "unknown" }>;

export class Pulse {
  readonly #options: PulseOptions;
  /** Epoch ms until which a connection is wanted. */
  #heldUntilMs = 0;
  /** In a row. */
  #silences = 0;
  /** Since when pings are not answered while other data comes, on the clock that is never set; null: they are. */
  #deafSinceMs: number | null = null;
  /** What had been heard when the first of them began. */
  #heardBefore: ReadonlyMap<Connection, number> = new Map();
  /** What the last failure means, until a keeper is ready again. */
  #verdict: Verdict | null = null;
  /** Whether that is no more than the loss of a connection that was good: the node was not tried since. */
  #isLoss = false;
  readonly #waiting = new Set<() => void>();

  constructor(options: PulseOptions) {
    this.#options = options;
  }

  /** Whether a connection is wanted, whether or not a command uses it. */
  get isHeld(): boolean {
    return !this.#options.isClosing() && this.#options.now() < this.#heldUntilMs;
  }

  /** Whoever waits looks again. */
  changed(): void {
    for (const wake of this.#waiting) wake();
  }

  /** A keeper is ready. */
  recovered(): void {
    this.#verdict = null;
    this.changed();
  }

  failed(verdict: Verdict): void {
    this.#verdict = verdict;
    this.#isLoss = false;
    this.changed();
  }

  /** The last connection is gone, or counts for nothing any more. */
  lost(fact: string): void {
    this.#verdict = { kind: "down", reason: fact };
    this.#isLoss = true;
    this.#silences = 0;
    this.changed();
  }

  /** Resolves within about `timeoutMs`, never rejects. */
  async ask(timeoutMs: number, mayConnect: boolean): Promise<PingResult> {
    const { connections, keeping, monotonic, now } = this.#options;
    this.#heldUntilMs = mayConnect ? now() + HELD_MS : 0;
    this.#options.onAsk();
    const heardBefore = new Map(connections.all().map((one) => [one, one.heard]));
    const endMs = monotonic() + timeoutMs;
    for (;;) {
      const beganMs = monotonic();
      const leftMs = endMs - beganMs;
      const keeper = keeping.current;
      if (leftMs <= 0) break;
      if (keeper === null) {
        if (!keeping.isPending && connections.connecting === 0) return this.#standing(mayConnect);
        if (!(await this.#change(leftMs))) break;
      } else if (await keeper.ping(leftMs)) {
        this.#silences = 0;
        this.#deafSinceMs = null;
        return { kind: "up", rttMs: monotonic() - beganMs };
      } else if (!keeper.closed || keeping.current === keeper) break;
    }
    return this.#unanswered(heardBefore);
  }

  /** What is known when there is nothing to ask, and nothing on its way. */
  #standing(mayConnect: boolean): PingResult {
    const { connections, isClosing } = this.#options;
    if (isClosing()) return unknown("its SSH connections are being closed");
    if (connections.usable > 0) {
      return this.#verdict ?? unknown("its SSH connection has no room for a question");
    }
    // Without attempts of its own, presence believes those of commands for as long as the breaker does.
    if (this.#verdict !== null && (mayConnect || connections.refusal() !== null)) return this.#verdict;
    const why = "none is opened for it (plugins.entries.node-router.config.presence.connect)";
    const fact = mayConnect ? "the next attempt is not due yet" : why;
    return unknown(`no SSH connection to it is open, and ${fact}`);
  }

  /** The time is over. */
  #unanswered(heardBefore: ReadonlyMap<Connection, number>): PingResult {
    const open = this.#options.connections.all().filter((one) => !one.isSilent && !one.isClosed);
    if (open.length === 0) {
      if (this.#isLoss && this.#verdict !== null) return { kind: "silent" };
      return this.#verdict ?? unknown("its SSH connection is still being made");
    }
    if (open.some((one) => one.heard > (heardBefore.get(one) ?? 0))) {
      // Whoever talks and never answers hangs, or wants to be taken for a node that does not.
      const nowMs = this.#options.monotonic();
      this.#deafSinceMs ??= nowMs;
      if (nowMs - this.#deafSinceMs > DEAF_MS) return { kind: "silent" };
      this.#silences = 0;
      // Much output or input before it delays the answer; what comes in says that the node is there all the same.
      if (this.#options.keeping.current !== null) return { kind: "up", rttMs: null };
      return unknown("its shell is not ready yet");
    }
    if (this.#silences === 0) this.#heardBefore = heardBefore;
    this.#silences += 1;
    if (this.#silences === SILENCES) {
      const before = this.#heardBefore;
      this.#silences = 0;
      this.#options.onSilent(open.filter((one) => one.heard === (before.get(one) ?? 0)));
    }
    return { kind: "silent" };
  }

  /** Resolves to whether anything changed within `ms`. */
  #change(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (changed: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve(changed);
      };
      const wake = () => end(true);
      const timer = setTimeout(end, ms, false);
      timer.unref();
      this.#waiting.add(wake);
    });
  }
}

function unknown(reason: string): Verdict {
  return { kind: "unknown", reason };
}
