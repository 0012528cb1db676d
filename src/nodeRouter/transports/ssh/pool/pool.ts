// Everything that is open to one node, and what is done with it: commands get sessions, and a keeper ends them.
import { type ErrorCode, messageOf } from "../../../../shared/errors.ts";
import { SENTENCE_END, withoutEnd } from "../../../../shared/withoutEnd.ts";
import type {
  CommandRequest,
  PingOptions,
  PingResult,
  PtySize,
  RunningCommand,
  SshCounters,
  SshNodeInfo,
} from "../../transport.ts";
import { type Connection, SessionRefused } from "../session/connection.ts";
import { requestProblem } from "../session/request.ts";
import type { Runner } from "../session/runner.ts";
import { SessionFault } from "../session/sessionFault.ts";
import { Command } from "../session/sshCommand.ts";
import { type ConnectFailure, Connections } from "./connections.ts";
import { IdleTimer } from "./idle.ts";
import { Keeping } from "./keeping.ts";
import { LIMITS, type PoolLimits, type PoolOptions } from "./poolOptions.ts";
import { Pulse } from "./pulse.ts";
import { CommandQueue } from "./queue.ts";
import { badRequest, busy, cancelled, closing, misbehaved, noSession, notStarted } from "./refusals.ts";
import { Runners } from "./runners.ts";
import { RunningCommands } from "./running.ts";

export type { ConnectResult } from "./connections.ts";
export type { PoolLimits, PoolOptions } from "./poolOptions.ts";

export class NodePool {
  readonly #options: PoolOptions;
  readonly #limits: PoolLimits;
  readonly #connections: Connections;
  readonly #runners: Runners;
  readonly #keeping: Keeping;
  readonly #pulse: Pulse;
  readonly #queue: CommandQueue;
  readonly #idle: IdleTimer;
  /** Taken out of the queue, while their terminal is opened. */
  readonly #opening = new Set<Command>();
  readonly #running: RunningCommands;
  /** Whether runners are kept ahead of use; off after a failure, until somebody asks for the node again. */
  #keepWarm = false;
  #closing = false;
  /** Why no session could be opened last; null: one could. */
  #lastFailure: string | null = null;
  #onEmpty: (() => void) | null = null;
  #closed: Promise<void> | null = null;

  constructor(options: PoolOptions) {
    this.#options = options;
    const limits = { ...LIMITS, ...options.limits };
    this.#limits = limits;
    this.#queue = new CommandQueue({
      waitMs: limits.queueMs,
      onLate: (command) => command.notStarted(...this.#late()),
      onCancel: (command, fact) =>
        command.notStarted(
          "NOT_STARTED",
          fact === null ? cancelled(options.node) : notStarted(options.node, fact),
        ),
    });
    this.#connections = new Connections({
      ...options,
      most: limits.connections,
      onOpen: (isFirst) => this.#opened(isFirst),
      onFailure: (failure) => this.#connectFailed(failure),
      onEnd: (connection, error) => this.#connectionEnded(connection, error),
      // What runs on it of others is not lost for that; nothing more begins there.
      onHang: (connection, fact) => this.#running.usesConnection(connection) || connection.fail(fact),
      onRetry: () => this.#isBusy && this.#advance(),
    });
    this.#runners = new Runners({
      loginShell: options.loginShell,
      readyMs: limits.readyMs,
      // One that ends while it waits is not replaced before it is needed: the next may do the same at once.
      onEnd: (isMissed) => (isMissed || this.#queue.length > 0) && this.#advance(),
    });
    this.#keeping = new Keeping({
      readyMs: limits.readyMs,
      now: options.now,
      running: () => this.#running.kept(),
      onEnd: () => (this.#isInUse ? this.#fill() : this.#pulse.attend()),
    });
    this.#running = new RunningCommands({
      runners: this.#runners,
      keeping: this.#keeping,
      onEnd: (command, connection) => this.#commandEnded(command, connection),
      onUnkept: () => this.#advance(),
    });
    this.#pulse = new Pulse({
      connections: this.#connections,
      keeping: this.#keeping,
      isClosing: () => this.#closing,
      now: options.now,
      monotonic: options.monotonic ?? (() => performance.now()),
      onNeedsKeeper: () => this.#holdKeeper(),
      onSilent: (connections) => this.#silent(connections),
    });
    this.#idle = new IdleTimer({
      ms: limits.idleMs,
      isBusy: () => this.#isBusy || this.#closing,
      onIdle: () => this.#unused(),
    });
  }

  get info(): SshNodeInfo | null {
    return this.#keeping.info;
  }

  /** See `SshTransport.fault`. */
  get fault(): string | null {
    return this.#lastFailure;
  }

  counters(): SshCounters {
    return {
      connected: this.#connections.size,
      free: this.#runners.free,
      pending: this.#connections.connecting + this.#runners.warming + this.#opening.size,
      queued: this.#queue.length,
      running: this.#running.size,
      size: this.#runners.size,
    };
  }

  warm(): void {
    if (this.#closing) return;
    this.#keepWarm = true;
    this.#fill();
  }

  start(request: CommandRequest): RunningCommand {
    const { node } = this.#options;
    const command = new Command(node, request);
    const problem = requestProblem(request);
    if (problem !== null) {
      command.notStarted("NOT_STARTED", badRequest(node, problem));
    } else if (request.abortSignal?.aborted === true) {
      command.notStarted("NOT_STARTED", notStarted(node, "it was cancelled before it began"));
    } else if (this.#closing) {
      command.notStarted("NOT_STARTED", closing(node));
    } else if (this.#queue.length >= this.#limits.queue) {
      const fact = `${this.#queue.length} commands already wait for a session`;
      command.notStarted("NODE_BUSY", busy(node, fact));
    } else {
      this.#enqueue(command);
    }
    return command;
  }

  /** See `SshTransport.ping`. */
  ping(timeoutMs: number, { connect = false }: PingOptions): Promise<PingResult> {
    return this.#pulse.ask(timeoutMs, connect);
  }

  /** Takes no more commands, and resolves when those that run have ended and the connections are closed. */
  close(): Promise<void> {
    this.#closed ??= this.#drain();
    return this.#closed;
  }

  async #drain(): Promise<void> {
    this.#closing = true;
    this.#refuseQueue("the connections are being closed");
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
    this.#idle.stop();
    this.#connections.destroy();
    this.#refuseQueue("the connections were closed");
    this.#pulse.changed();
  }

  #enqueue(command: Command): void {
    if (command.request.isBackground !== true) this.#keepWarm = true;
    this.#queue.add(command);
    void command.outcome.then(() => this.#ended(command));
    this.#advance();
  }

  /** After every event that may give a waiting command what it lacks. */
  #advance(): void {
    this.#pump();
    this.#fill();
  }

  /** Gives waiting commands to waiting runners. */
  #pump(): void {
    if (this.#keeping.current === null || this.#keeping.info === null) return;
    for (const command of this.#queue.entries()) {
      const { pty = null } = command.request;
      if (pty === null) {
        const runner = this.#runners.takeFree();
        if (runner === null) continue;
        this.#queue.take(command);
        this.#dispatch(command, runner);
      } else {
        const connection = this.#connections.withRoom();
        if (connection === null) continue;
        this.#queue.take(command);
        void this.#startInTerminal(command, pty, connection);
      }
    }
  }

  #dispatch(command: Command, runner: Runner): void {
    if (!this.#running.dispatch(command, runner)) {
      const fact = "its shell was gone before the command was sent";
      command.notStarted("NOT_STARTED", notStarted(this.#options.node, fact));
    } else if (command.request.isBackground !== true) this.#idle.stop();
  }

  #commandEnded(command: Command, connection: Connection): void {
    if (this.#running.size === 0) this.#onEmpty?.();
    this.#closeStalled(connection);
    this.#ended(command);
  }

  async #startInTerminal(command: Command, pty: PtySize, connection: Connection): Promise<void> {
    this.#opening.add(command);
    let runner: Runner | null = null;
    let failure: unknown = null;
    try {
      runner = await this.#runners.openTerminal(connection, pty);
    } catch (error) {
      failure = error;
    }
    this.#opening.delete(command);
    if (command.settled) {
      // Its caller gave it up, or its time was over, while the terminal was opened.
      runner?.discard();
    } else if (runner !== null && this.#keeping.current !== null && !connection.isSilent) {
      this.#dispatch(command, runner);
    } else if (runner !== null || connection.isSilent || isOnlyFull(connection, failure)) {
      runner?.discard();
      this.#queue.putBack(command);
    } else {
      command.notStarted("NOT_STARTED", noSession(this.#options.node, terminalFault(failure), "terminal"));
    }
    this.#closeStalled(connection);
    this.#advance();
  }

  /** Opens what the queue needs, the stock of waiting runners, and, also while it closes, a keeper for what runs. */
  #fill(): void {
    if (this.#connections.isDestroyed) return;
    const { length, terminals, background } = this.#queue;
    const plain = length - terminals;
    const stock = this.#keepWarm && !this.#closing ? this.#limits.warm : 0;
    if (length + stock + this.#running.size === 0) {
      if (this.#pulse.isHeld) this.#pulse.attend();
      return;
    }
    this.#holdKeeper();
    const { free, warming, isTried } = this.#runners;
    const wanted = plain + stock - free - warming;
    for (let missing = isTried ? wanted : Math.min(wanted, 1 - warming); missing > 0; missing -= 1) {
      const connection = this.#connections.withRoom();
      if (connection === null) break;
      void this.#addRunner(connection);
    }
    if (length + stock + this.#running.size > background) this.#reach(plain - background, terminals);
    else if (this.#connections.usable + this.#connections.connecting === 0) this.#refuseBackground();
  }

  /** Adds a connection when there is none that serves, or when those that are there are not enough. */
  #reach(plain: number, terminals: number): void {
    const { usable, connecting } = this.#connections;
    const lacksTerminal = terminals > 0 && this.#connections.withRoom() === null && !this.#runners.makeRoom();
    const { free, warming, isTried } = this.#runners;
    const isShort = lacksTerminal || ((isTried || free + warming === 0) && plain > free + warming);
    const isCold = usable === 0 || (this.#keeping.current === null && !this.#keeping.isPending);
    let refusal: string | null = null;
    if (isCold ? connecting === 0 : isShort && connecting < 2) refusal = this.#connections.add();
    else if (isCold && this.#connections.isOnlyProbing) refusal = this.#connections.refusal();
    if (refusal !== null) this.#giveUp("NODE_UNREACHABLE", refusal);
  }

  #opened(isFirst: boolean): void {
    if (isFirst) this.#options.onConnect?.();
    this.#pulse.changed();
    this.#advance();
    this.#idle.begin();
  }

  #connectFailed({ code, message, transportFailure }: ConnectFailure): void {
    const reason = withoutEnd(message.replace(/^NODE_UNREACHABLE: /, ""), SENTENCE_END);
    // While something else is open, a failed attempt at more says nothing of the node.
    if (this.#connections.usable === 0) {
      this.#pulse.failed({ kind: transportFailure ? "down" : "unknown", reason });
    } else this.#pulse.changed();
    this.#keepWarm = false;
    this.#giveUp(code, message);
    // Where an attempt took long, the next one may be due already.
    if (this.#pulse.isHeld) this.#pulse.attend();
  }

  #connectionEnded(connection: Connection, error: string | null): void {
    this.#leave(connection);
    const { failure } = connection;
    const isNews = !connection.isDropped && !connection.isSilent;
    if (failure !== null) {
      this.#keepWarm = false;
      this.#pulse.failed({ kind: "down", reason: failure });
      this.#giveUp("NODE_UNREACHABLE", misbehaved(this.#options.node, failure));
    } else if (isNews && this.#connections.usable === 0) {
      this.#pulse.lost(`its SSH connection was lost${error === null ? "" : ` (${error})`}`);
    }
    // With a stock to keep, an unused connection that is lost would be opened again for ever.
    if (this.#isInUse) this.#advance();
    else if (this.#pulse.isHeld) this.#pulse.attend();
    this.#pulse.changed();
  }

  /** Nothing of this connection is used any more. */
  #leave(connection: Connection): void {
    this.#connections.leave(connection);
    this.#runners.leave(connection, this.#connections.size === 0);
    this.#keeping.leave(connection);
  }

  #closeConnections(): void {
    for (const connection of this.#connections.all()) {
      this.#leave(connection);
      connection.destroy();
    }
  }

  /** Its commands may end first; nothing new begins on it. */
  #closeStalled(connection: Connection): void {
    if (!connection.isStalled || connection.opening > 0 || this.#running.usesConnection(connection)) return;
    this.#leave(connection);
    connection.destroy();
  }

  /** Nothing is heard of them: others are tried, while what runs on them may be heard of again. */
  #silent(connections: readonly Connection[]): void {
    const { node, log } = this.#options;
    log.warn({ node, connections: connections.length }, "ssh: nothing is heard of the node");
    for (const connection of connections) {
      this.#keeping.retire(connection);
      this.#runners.discardFree(connection);
      connection.silence();
      this.#closeStalled(connection);
    }
    if (this.#connections.usable === 0) this.#pulse.lost("nothing is heard on its SSH connection");
    if (this.#isInUse) this.#advance();
    else if (this.#pulse.isHeld) this.#pulse.attend();
  }

  #holdKeeper(): void {
    if (this.#keeping.current !== null || this.#keeping.isPending) return;
    const connection = this.#connections.withRoom();
    if (connection === null) this.#runners.makeRoom();
    else void this.#addKeeper(connection);
  }

  async #addKeeper(connection: Connection): Promise<void> {
    try {
      await this.#keeping.open(connection);
      this.#pulse.recovered();
      this.#lastFailure = null;
      this.#advance();
    } catch (error) {
      if (!isOnlyFull(connection, error) && !connection.isClosed && !connection.isSilent) {
        this.#connections.noteUseless();
        this.#keeping.noteUseless();
        this.#pulse.failed({ kind: "unknown", reason: `no session could be opened: ${messageOf(error)}` });
      }
      this.#sessionFailed(connection, error, true);
      this.#pulse.changed();
    }
  }

  async #addRunner(connection: Connection): Promise<void> {
    const { isTried } = this.#runners;
    try {
      await this.#runners.add(connection);
      this.#lastFailure = null;
      // The rest of the stock waited for the first of them.
      if (this.#queue.length > 0 || !isTried) this.#advance();
      this.#idle.resume();
    } catch (error) {
      this.#sessionFailed(connection, error);
    }
  }

  /**
   * A full connection only means another one. After any other failure nothing is opened until a command ends
   * or is asked for: a login shell that always fails would fail for ever.
   */
  #sessionFailed(connection: Connection, error: unknown, isKeeper = false): void {
    if (connection.isSilent) {
      this.#closeStalled(connection);
      this.#advance();
      return;
    }
    if (isOnlyFull(connection, error)) {
      this.#advance();
      return;
    }
    // The end of the connection is told where it is noticed.
    if (connection.isClosed) return;
    const { node, log } = this.#options;
    this.#keepWarm = false;
    log.warn({ node, reason: messageOf(error) }, "ssh: no session");
    if (connection.limit === 0) connection.destroy();
    this.#closeStalled(connection);
    const message = noSession(node, error);
    this.#lastFailure = message;
    this.#giveUp("NOT_STARTED", message, isKeeper);
  }

  /**
   * Tells whoever waits why, unless something is open or on its way that can still serve them.
   * @param isKeeper whether it is the keeper that could not be had: without one nothing serves them.
   */
  #giveUp(code: ErrorCode, message: string, isKeeper = false): void {
    if (isKeeper && this.#keeping.current === null && !this.#keeping.isPending) {
      for (const command of this.#queue.takeAll()) command.notStarted(code, message);
      return;
    }
    const { connecting, isOnlyProbing } = this.#connections;
    const coming = (isOnlyProbing ? 0 : connecting) + this.#runners.warming + this.#opening.size;
    if (coming > 0 || this.#running.areHeardOf || this.#keeping.isPending) return;
    // Without a keeper, waiting runners serve nobody.
    if (this.#keeping.current !== null && this.#runners.free > 0) return;
    for (const command of this.#queue.takeAll()) command.notStarted(code, message);
  }

  #refuseQueue(fact: string): void {
    for (const command of [...this.#queue.takeAll(), ...this.#opening]) {
      command.notStarted("NOT_STARTED", notStarted(this.#options.node, fact));
    }
  }

  #refuseBackground(): void {
    for (const command of this.#queue.entries()) {
      this.#queue.take(command);
      const fact = "no SSH connection is open, and none is opened for this";
      command.notStarted("NOT_STARTED", notStarted(this.#options.node, fact));
    }
  }

  #late(): [ErrorCode, string] {
    const { node } = this.#options;
    // Nobody's command is in the way: to wait for one, or to end one, would not help.
    if (this.#lastFailure !== null) return ["NOT_STARTED", this.#lastFailure];
    const fact = `no session came free in ${this.#limits.queueMs / 1000} s`;
    if (this.#running.size === 0) return ["NOT_STARTED", notStarted(node, fact)];
    return ["NODE_BUSY", busy(node, `${fact}, ${this.#running.size} commands run`)];
  }

  #unused(): void {
    this.#keepWarm = false;
    if (this.#pulse.isHeld) {
      this.#runners.discardFree();
      this.#idle.begin();
    } else this.#closeConnections();
  }

  #ended({ request }: Command): void {
    if (request.isBackground === true) this.#idle.resume();
    else this.#idle.begin();
  }

  get #isBusy(): boolean {
    return this.#isInUse || this.#opening.size > 0;
  }

  get #isInUse(): boolean {
    return this.#running.size > 0 || this.#queue.length > 0;
  }
}

/** A server that gives no terminals goes on to give none. */
function terminalFault(error: unknown): unknown {
  if (!/pseudo-terminal/i.test(messageOf(error))) return error;
  return new SessionFault(
    "its SSH server gives none",
    "Allow terminals for the login (PermitTTY in sshd_config; no-pty, or restrict without pty, in authorized_keys), or leave pty out",
  );
}

/** The server has no room for one more session here, or the connection is gone: another one may do. */
function isOnlyFull(connection: Connection, error: unknown): boolean {
  return error instanceof SessionRefused && (connection.limit > 0 || connection.isClosed);
}
