// Everything that is open to one node: connections, waiting runners, the keeper, and the commands in the queue.
import { randomBytes } from "node:crypto";
import type { Client } from "ssh2";
import { type ErrorCode, messageOf } from "../../../errors.ts";
import type { Logger } from "../../../logger.ts";
import { quote } from "../../../safeText.ts";
import { launchCommands } from "./bootstrap.ts";
import { afterFailure, type Breaker, CLOSED, waitMs } from "./breaker.ts";
import { Command } from "./command.ts";
import { Connection, SessionRefused } from "./connection.ts";
import type { CommandRequest, PtySize, RunningCommand, SshCounters, SshNodeInfo } from "./contract.ts";
import { Keeper, type LostCommand } from "./keeper.ts";
import { requestProblem } from "./request.ts";
import { Runner, type RunnerIdentity } from "./runner.ts";

export type ConnectResult =
  | { readonly ok: true; readonly client: Client }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly message: string;
      /** Only these open the circuit breaker. */
      readonly transportFailure: boolean;
    };

export interface PoolOptions {
  readonly node: string;
  readonly loginShell: boolean;
  readonly connect: (signal: AbortSignal) => Promise<ConnectResult>;
  /** Epoch ms. */
  readonly now: () => number;
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

const LIMITS: PoolLimits = {
  connections: 5,
  warm: 4,
  queue: 256,
  queueMs: 30_000,
  readyMs: 15_000,
  idleMs: 600_000,
};

export class NodePool {
  readonly #options: PoolOptions;
  readonly #limits: PoolLimits;
  readonly #connections = new Set<Connection>();
  /** Runners that wait, and the connection of every live runner. */
  readonly #free: Runner[] = [];
  readonly #owners = new Map<Runner, Connection>();
  readonly #queue: Command[] = [];
  /** Taken out of the queue, while their terminal is opened. */
  readonly #opening = new Set<Command>();
  readonly #running = new Set<Command>();
  /** Of the running ones, those that were told to end. */
  readonly #ending = new Set<Command>();
  #lost: LostCommand[] = [];
  #connecting = 0;
  #warming = 0;
  #keeper: { readonly keeper: Keeper; readonly connection: Connection } | null = null;
  #keeperPending = false;
  /** A waiting runner that makes room for what cannot use it. */
  #leaving: Runner | null = null;
  #breaker: Breaker = CLOSED;
  #info: SshNodeInfo | null = null;
  /** Whether runners are kept ahead of use; off after a failure, until somebody asks for the node again. */
  #keepWarm = false;
  #closing = false;
  readonly #abort = new AbortController();
  #idleTimer: NodeJS.Timeout | null = null;
  #retryTimer: NodeJS.Timeout | null = null;
  #onEmpty: (() => void) | null = null;
  #closed: Promise<void> | null = null;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  get info(): SshNodeInfo | null {
    return this.#info;
  }

  counters(): SshCounters {
    return {
      connected: this.#connections.size,
      free: this.#free.length,
      pending: this.#connecting + this.#warming + this.#opening.size,
      queued: this.#queue.length,
      running: this.#running.size,
      size: this.#owners.size,
    };
  }

  warm(): void {
    if (this.#closing) return;
    this.#keepWarm = true;
    this.#fill();
  }

  start(request: CommandRequest): RunningCommand {
    const command = new Command(this.#options.node, request);
    const problem = requestProblem(request);
    const node = quote(this.#options.node);
    if (problem !== null) {
      command.notStarted(
        "NOT_STARTED",
        `NOT_STARTED: ${problem}; on node ${node} nothing ran. Change the command.`,
      );
    } else if (request.abortSignal?.aborted === true) {
      command.notStarted("NOT_STARTED", this.#notStarted("it was cancelled before it began"));
    } else if (this.#closing) {
      command.notStarted(
        "NOT_STARTED",
        `NOT_STARTED: the connections to node ${node} are being closed, because its settings changed or the gateway stops; trying again is safe.`,
      );
    } else if (this.#queue.length >= this.#limits.queue) {
      command.notStarted(
        "NODE_BUSY",
        this.#busy(`${this.#queue.length} commands already wait for a session`),
      );
    } else {
      this.#keepWarm = true;
      this.#enqueue(command);
    }
    return command;
  }

  /** Takes no more commands, and resolves when those that run have ended and the connections are closed. */
  close(): Promise<void> {
    this.#closed ??= this.#drain();
    return this.#closed;
  }

  async #drain(): Promise<void> {
    this.#closing = true;
    this.#refuseQueue("NOT_STARTED", "the connections are being closed");
    if (this.#running.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onEmpty = resolve;
      });
    }
    this.destroy();
  }

  /** Ends everything at once; running commands have an unknown outcome, and the keeper ends them on the node. */
  destroy(): void {
    this.#closing = true;
    this.#abort.abort();
    this.#stopIdleTimer();
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#refuseQueue("NOT_STARTED", "the connections were closed");
    for (const connection of this.#connections) connection.destroy();
  }

  #enqueue(command: Command): void {
    const timer = setTimeout(() => {
      this.#takeOut(command);
      command.notStarted(
        "NODE_BUSY",
        this.#busy(
          `no session came free in ${this.#limits.queueMs / 1000} s, ${this.#running.size} commands run`,
        ),
      );
    }, this.#limits.queueMs);
    timer.unref();
    void command.outcome.then(() => {
      clearTimeout(timer);
      this.#watchIdle();
    });
    command.onCancel(() => {
      this.#takeOut(command);
      const node = quote(this.#options.node);
      command.notStarted(
        "NOT_STARTED",
        `NOT_STARTED: the command was cancelled before it began on node ${node}.`,
      );
    });
    this.#queue.push(command);
    this.#advance();
  }

  #takeOut(command: Command): void {
    const at = this.#queue.indexOf(command);
    if (at !== -1) this.#queue.splice(at, 1);
  }

  /** After every event that may give a waiting command what it lacks. */
  #advance(): void {
    this.#pump();
    this.#fill();
  }

  /** Gives waiting commands to waiting runners. */
  #pump(): void {
    const keeper = this.#keeper;
    if (keeper === null || this.#info === null) return;
    // A terminal has to be asked for when a session opens, so such a command brings its own.
    for (let at = 0; at < this.#queue.length; ) {
      const command = this.#queue[at];
      if (command === undefined) return;
      const { pty = null } = command.request;
      if (pty !== null) {
        const connection = this.#connectionWithRoom();
        if (connection === null) {
          at += 1;
          continue;
        }
        this.#queue.splice(at, 1);
        void this.#startInTerminal(command, pty, connection);
        continue;
      }
      const runner = this.#freeRunner();
      if (runner === null) {
        at += 1;
        continue;
      }
      this.#queue.splice(at, 1);
      this.#dispatch(command, runner);
    }
  }

  #freeRunner(): Runner | null {
    for (;;) {
      const runner = this.#free.shift();
      if (runner === undefined) return null;
      if (!runner.closed && runner.identity !== null) return runner;
    }
  }

  #dispatch(command: Command, runner: Runner): void {
    const { identity } = runner;
    const connection = this.#owners.get(runner);
    const held = this.#keeper;
    if (identity === null || connection === undefined || held === null) {
      runner.discard();
      command.notStarted("NOT_STARTED", this.#notStarted("its shell was gone before the command was sent"));
      return;
    }
    this.#stopIdleTimer();
    this.#running.add(command);
    held.keeper.watch(identity, held.connection === connection);
    command.dispatch(runner, identity, randomBytes(16).toString("hex"), (name) => {
      const ends = name === "TERM" || name === "KILL";
      if (ends) this.#ending.add(command);
      const current = this.#keeper?.keeper;
      if (current === undefined) {
        // The next keeper ends it for sure; until then this is what there is.
        runner.channel.signal(name);
        this.#advance();
      } else {
        if (name !== "TERM") current.signal(identity, name);
        if (ends) current.end(identity);
      }
    });
    void command.outcome.then((outcome) => {
      this.#running.delete(command);
      this.#ending.delete(command);
      if (outcome.kind === "unknown") this.#abandon(identity, connection);
      else this.#keeper?.keeper.forget(identity);
      if (this.#running.size === 0) this.#onEmpty?.();
      this.#closeStalled(connection);
      this.#watchIdle();
    });
  }

  /** Nobody sees its end any more, so it is ended: now, or when the node is reached again. */
  #abandon(identity: RunnerIdentity, connection: Connection): void {
    const held = this.#keeper;
    if (held !== null && held.connection !== connection && !held.keeper.closed) held.keeper.end(identity);
    else this.#lost.push({ processGroup: identity.processGroup, startTime: identity.startTime });
  }

  async #startInTerminal(command: Command, pty: PtySize, connection: Connection): Promise<void> {
    this.#opening.add(command);
    let runner: Runner | null = null;
    let failure: unknown = null;
    try {
      const { terminalRunner } = launchCommands(this.#options.loginShell);
      runner = await this.#openRunner(connection, terminalRunner, { pty: { ...pty } });
    } catch (error) {
      failure = error;
    }
    this.#opening.delete(command);
    if (command.settled) {
      // Its caller gave it up, or its time was over, while the terminal was opened.
      runner?.discard();
    } else if (runner !== null && this.#keeper !== null) {
      this.#dispatch(command, runner);
    } else if (runner !== null || isOnlyFull(connection, failure)) {
      runner?.discard();
      this.#queue.unshift(command);
    } else {
      const fact = `no terminal could be opened: ${messageOf(failure)}`;
      command.notStarted("NOT_STARTED", this.#notStarted(fact));
    }
    this.#closeStalled(connection);
    this.#advance();
  }

  /** Opens what the queue needs, the stock of waiting runners, and, also while it closes, a keeper for what runs. */
  #fill(): void {
    if (this.#abort.signal.aborted) return;
    const waiting = this.#queue.filter((command) => (command.request.pty ?? null) === null).length;
    const terminals = this.#queue.length - waiting;
    const wanted = waiting + (this.#keepWarm && !this.#closing ? this.#limits.warm : 0);
    if (wanted === 0 && terminals === 0 && this.#running.size === 0) return;
    this.#holdKeeper();
    for (let missing = wanted - this.#free.length - this.#warming; missing > 0; missing -= 1) {
      const connection = this.#connectionWithRoom();
      if (connection === null) break;
      void this.#addRunner(connection);
    }
    const lacksTerminal = terminals > 0 && this.#connectionWithRoom() === null && !this.#makeRoom();
    const isShort = lacksTerminal || waiting > this.#free.length + this.#warming;
    const isCold = this.#connections.size === 0 || (this.#keeper === null && !this.#keeperPending);
    if (isCold ? this.#connecting === 0 : isShort && this.#connecting < 2) this.#addConnection();
  }

  /**
   * For what a waiting runner is no use to, and every session holds one: one of them ends, and its end is the
   * event that lets the other begin. False: there is none.
   */
  #makeRoom(): boolean {
    if (this.#leaving !== null) return true;
    this.#leaving = this.#freeRunner();
    this.#leaving?.discard();
    return this.#leaving !== null;
  }

  #connectionWithRoom(): Connection | null {
    return [...this.#connections].find((connection) => connection.hasRoom) ?? null;
  }

  #addConnection(): void {
    if (this.#connections.size + this.#connecting >= this.#limits.connections) return;
    const wait = waitMs(this.#breaker, this.#options.now());
    if (wait > 0) {
      const { failures, lastError } = this.#breaker;
      const fact = (lastError ?? "it did not answer")
        .replace(/^NODE_UNREACHABLE: /, "")
        .replace(/[.;\s]+$/, "");
      this.#giveUp(
        "NODE_UNREACHABLE",
        `NODE_UNREACHABLE: node ${quote(this.#options.node)} is not tried again for ${Math.ceil(wait / 1000)} s, after ${failures === 1 ? "a failure" : `${failures} failures in a row`}: ${fact}.`,
      );
      this.#retryIn(wait);
      return;
    }
    this.#connecting += 1;
    void this.#options
      .connect(this.#abort.signal)
      .catch(
        (error: unknown): ConnectResult => ({
          ok: false,
          code: "NODE_UNREACHABLE",
          message: `NODE_UNREACHABLE: node ${quote(this.#options.node)} could not be connected: ${messageOf(error)}.`,
          transportFailure: true,
        }),
      )
      .then((result) => {
        this.#connecting -= 1;
        if (result.ok) {
          this.#breaker = CLOSED;
          this.#adopt(new Connection(result.client));
          return;
        }
        if (result.transportFailure) {
          this.#breaker = afterFailure(this.#breaker, this.#options.now(), result.message);
          this.#retryIn(waitMs(this.#breaker, this.#options.now()));
        }
        this.#options.log.warn({ node: this.#options.node, reason: result.message }, "ssh: no connection");
        this.#keepWarm = false;
        this.#giveUp(result.code, result.message);
      });
  }

  /** For commands that run or wait on another connection, and lack a keeper or room. */
  #retryIn(ms: number): void {
    if (this.#retryTimer !== null) return;
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = null;
      if (this.#isBusy) this.#advance();
    }, ms);
    this.#retryTimer.unref();
  }

  #adopt(connection: Connection): void {
    if (this.#abort.signal.aborted) {
      connection.destroy();
      return;
    }
    if (this.#connections.size === 0) this.#options.onConnect?.();
    this.#connections.add(connection);
    void connection.closed.then((error) => {
      this.#leave(connection);
      this.#options.log.info(
        { node: this.#options.node, reason: error ?? "closed" },
        "ssh: connection ended",
      );
      // With a stock to keep, an unused connection that is lost would be opened again for ever.
      if (this.#queue.length > 0 || this.#running.size > 0) this.#advance();
    });
    this.#advance();
    this.#watchIdle();
  }

  /** Nothing of this connection is used any more. */
  #leave(connection: Connection): void {
    this.#connections.delete(connection);
    for (const [runner, owner] of this.#owners) {
      if (owner === connection) this.#drop(runner);
    }
    if (this.#keeper?.connection === connection) this.#keeper = null;
  }

  #closeConnections(): void {
    for (const connection of this.#connections) {
      this.#leave(connection);
      connection.destroy();
    }
  }

  /** Its commands may end first; nothing new begins on it. */
  #closeStalled(connection: Connection): void {
    const isUsed = [...this.#running].some(
      ({ runner }) => runner !== null && this.#owners.get(runner) === connection,
    );
    if (!connection.isStalled || isUsed || connection.opening > 0) return;
    this.#leave(connection);
    connection.destroy();
  }

  #holdKeeper(): void {
    if (this.#keeper !== null || this.#keeperPending) return;
    const connection = this.#connectionWithRoom();
    if (connection === null) this.#makeRoom();
    else void this.#addKeeper(connection);
  }

  async #addKeeper(connection: Connection): Promise<void> {
    this.#keeperPending = true;
    const { readyMs } = this.#limits;
    try {
      const { keeper: command } = launchCommands(false);
      const keeper = await connection.open(command, {}, readyMs, ({ channel }) => new Keeper(channel));
      keeper.channel.once("close", () => this.#keeperEnded(keeper));
      try {
        this.#info = await within(keeper.ready, readyMs, "its shell was not ready");
      } catch (error) {
        keeper.discard();
        throw error;
      }
      if (keeper.closed) throw new Error("its shell ended as soon as it was ready");
      this.#keeper = { keeper, connection };
      this.#introduce(keeper, connection);
      this.#keeperPending = false;
      this.#advance();
    } catch (error) {
      this.#keeperPending = false;
      this.#sessionFailed(connection, error);
    }
  }

  #keeperEnded(keeper: Keeper): void {
    if (this.#keeper?.keeper !== keeper) return;
    this.#keeper = null;
    if (this.#running.size > 0 || this.#queue.length > 0) this.#fill();
  }

  /** A new keeper learns of the commands that run, and ends those that an earlier connection left behind. */
  #introduce(keeper: Keeper, connection: Connection): void {
    for (const command of this.#running) {
      const { runner } = command;
      if (!runner?.identity) continue;
      keeper.watch(runner.identity, this.#owners.get(runner) === connection);
      if (this.#ending.has(command)) keeper.end(runner.identity);
    }
    for (const lost of this.#lost) keeper.endLost(lost);
    this.#lost = [];
  }

  async #addRunner(connection: Connection): Promise<void> {
    this.#warming += 1;
    try {
      const { runner: command } = launchCommands(this.#options.loginShell);
      const runner = await this.#openRunner(connection, command, {});
      this.#warming -= 1;
      this.#free.push(runner);
      if (this.#queue.length > 0) this.#advance();
      this.#watchIdle();
    } catch (error) {
      this.#warming -= 1;
      this.#sessionFailed(connection, error);
    }
  }

  async #openRunner(connection: Connection, command: string, options: { pty?: object }): Promise<Runner> {
    const { readyMs } = this.#limits;
    const runner = await connection.open(command, options, readyMs, (session) => {
      const opened = new Runner(session);
      this.#owners.set(opened, connection);
      void opened.ended.then(() => {
        const isNeeded = opened.isUsed || opened === this.#leaving || this.#queue.length > 0;
        this.#drop(opened);
        // One that ends while it waits is not replaced before it is needed: the next may do the same at once.
        if (isNeeded) this.#advance();
      });
      return opened;
    });
    try {
      await within(runner.ready, readyMs, "its shell was not ready");
      if (runner.closed) throw new Error("its shell ended as soon as it was ready");
      return runner;
    } catch (error) {
      runner.discard();
      const said = runner.greeting === "" ? "" : `; it said ${quote(runner.greeting)}`;
      throw new Error(`${messageOf(error)}${said}`, { cause: error });
    }
  }

  #drop(runner: Runner): void {
    if (this.#leaving === runner) this.#leaving = null;
    this.#owners.delete(runner);
    const at = this.#free.indexOf(runner);
    if (at !== -1) this.#free.splice(at, 1);
  }

  /**
   * A full connection only means another one. After any other failure nothing is opened until a command ends
   * or is asked for: a login shell that always fails would fail for ever.
   */
  #sessionFailed(connection: Connection, error: unknown): void {
    if (isOnlyFull(connection, error)) {
      this.#advance();
      return;
    }
    // The end of the connection is told where it is noticed.
    if (connection.isClosed) return;
    this.#keepWarm = false;
    this.#options.log.warn({ node: this.#options.node, reason: messageOf(error) }, "ssh: no session");
    if (connection.limit === 0) connection.destroy();
    this.#closeStalled(connection);
    this.#giveUp("NOT_STARTED", this.#notStarted(`no session could be opened: ${messageOf(error)}`));
  }

  /** Tells whoever waits why, unless something is open or on its way that can still serve them. */
  #giveUp(code: ErrorCode, message: string): void {
    const pending = this.#connecting + this.#warming + this.#opening.size + this.#running.size;
    // Without a keeper, waiting runners serve nobody.
    if (pending > 0 || this.#keeperPending || (this.#keeper !== null && this.#free.length > 0)) return;
    for (const command of this.#queue.splice(0)) command.notStarted(code, message);
  }

  #refuseQueue(code: ErrorCode, fact: string): void {
    for (const command of [...this.#queue.splice(0), ...this.#opening]) {
      command.notStarted(code, this.#notStarted(fact));
    }
  }

  #notStarted(fact: string): string {
    return `NOT_STARTED: on node ${quote(this.#options.node)} ${fact}; nothing ran, and trying again is safe.`;
  }

  #busy(fact: string): string {
    return `NODE_BUSY: node ${quote(this.#options.node)} takes no more commands now: ${fact}; nothing ran. Wait for some to end, or end them with process kill.`;
  }

  #watchIdle(): void {
    if (this.#isBusy || this.#closing) return;
    this.#stopIdleTimer();
    this.#idleTimer = setTimeout(() => {
      if (this.#isBusy) return;
      this.#keepWarm = false;
      this.#closeConnections();
    }, this.#limits.idleMs);
    this.#idleTimer.unref();
  }

  get #isBusy(): boolean {
    return this.#running.size + this.#queue.length + this.#opening.size > 0;
  }

  #stopIdleTimer(): void {
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
  }
}

/** The server has no room for one more session here, or the connection is gone: another one may do. */
function isOnlyFull(connection: Connection, error: unknown): boolean {
  return error instanceof SessionRefused && (connection.limit > 0 || connection.isClosed);
}

/** @throws Error with `what` after `ms`. */
function within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} in ${ms / 1000} s`)), ms);
    timer.unref();
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
