// Everything that is open to one node, and what is done with it: commands get sessions, and a keeper ends them.
import { messageOf } from "../../../../shared/errors.ts";
import type { Refusal } from "../../../../shared/refusal.ts";
import type {
  CommandRequest,
  PingOptions,
  PingResult,
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
import { afterAsk, afterSpell, afterUse, type Demand, noDemand, SPELL_MS } from "./demand.ts";
import { IdleTimer } from "./idle.ts";
import { Keeping } from "./keeping.ts";
import { type Action, type PoolView, plan, planFault, planIdle, planPresence, planSpell } from "./plan.ts";
import { LIMITS, type PoolLimits, type PoolOptions } from "./poolOptions.ts";
import { Pulse } from "./pulse.ts";
import { CommandQueue } from "./queue.ts";
import {
  badRequest,
  busy,
  cancelled,
  closing,
  misbehaved,
  noSession,
  notStarted,
  reasonOf,
} from "./refusals.ts";
import { Runners } from "./runners.ts";
import { RunningCommands } from "./running.ts";

export type { ConnectResult } from "./connections.ts";
export type { PoolLimits, PoolOptions } from "./poolOptions.ts";

type View = PoolView<Connection, Command>;

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
  #demand: Demand;
  #spellTimer: NodeJS.Timeout | null = null;
  #closing = false;
  /** Why no session could be opened last; null: one could. */
  #lastFailure: Refusal | null = null;
  #onEmpty: (() => void) | null = null;
  #closed: Promise<void> | null = null;

  constructor(options: PoolOptions) {
    this.#options = options;
    const limits = { ...LIMITS, ...options.limits };
    this.#limits = limits;
    this.#demand = noDemand(limits.warm);
    this.#queue = new CommandQueue({
      waitMs: limits.queueMs,
      onLate: (command) => command.notStarted(this.#late()),
      onCancel: (command, fact) =>
        command.notStarted(fact === null ? cancelled(options.node) : notStarted(options.node, fact)),
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
      onEnd: () => this.#lacks(),
    });
    this.#running = new RunningCommands({
      runners: this.#runners,
      keeping: this.#keeping,
      onEnd: (command) => this.#commandEnded(command),
      onUnkept: () => this.#advance(),
    });
    this.#pulse = new Pulse({
      connections: this.#connections,
      keeping: this.#keeping,
      isClosing: () => this.#closing,
      now: options.now,
      monotonic: options.monotonic ?? (() => performance.now()),
      onAsk: () => this.#carryOut(planPresence),
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
  get fault(): Refusal | null {
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
    this.#advance();
  }

  start(request: CommandRequest): RunningCommand {
    const { node } = this.#options;
    const command = new Command(node, request);
    const problem = requestProblem(request);
    if (problem !== null) {
      command.notStarted(badRequest(node, problem));
    } else if (request.abortSignal?.aborted === true) {
      command.notStarted(notStarted(node, "it was cancelled before it began"));
    } else if (this.#closing) {
      command.notStarted(closing(node));
    } else if (this.#queue.length >= this.#limits.queue) {
      const fact = `${this.#queue.length} commands already wait for a session`;
      command.notStarted(busy(node, fact));
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
    if (this.#spellTimer !== null) clearTimeout(this.#spellTimer);
    this.#connections.destroy();
    this.#refuseQueue("the connections were closed");
    this.#pulse.changed();
  }

  #enqueue(command: Command): void {
    if (!command.isBackground) {
      this.#keepWarm = true;
      this.#askedFor(command);
    }
    this.#queue.add(command);
    void command.outcome.then(() => this.#ended(command));
    this.#advance();
  }

  /** What finds no shell ready though the node has shells will find one the next time. */
  #askedFor({ isTerminal }: Command): void {
    if (isTerminal) return;
    const waits = this.#runners.isTried && this.#runners.free === 0;
    const busy = this.#running.size + this.#queue.length + 1;
    this.#demand = afterAsk(this.#demand, this.#limits.warm, busy, waits);
  }

  /** After every event that may give a waiting command what it lacks. */
  #advance(): void {
    this.#carryOut(plan);
    this.#watchDemand();
  }

  /** Tells whoever waits why, unless something is open or on its way that can still serve them. */
  #giveUp(refusal: Refusal, isKeeper = false): void {
    this.#carryOut((view) => planFault(view, { refusal, isKeeper }));
  }

  /** Something is gone. With a stock to keep, an unused connection that is lost would be opened again for ever. */
  #lacks(): void {
    if (this.#isInUse) this.#advance();
    else this.#carryOut(planPresence);
  }

  #carryOut(plans: (view: View) => readonly Action<Connection, Command>[]): void {
    if (this.#connections.isDestroyed) return;
    this.#closeStalled();
    for (const action of plans(this.#view())) this.#act(action);
  }

  #view(): View {
    const { warm } = this.#limits;
    const isStocked = this.#keepWarm && !this.#closing;
    const isReady = this.#keeping.current !== null && this.#keeping.info !== null;
    return {
      queue: this.#queue.entries(),
      running: this.#running.size,
      isRunningHeard: this.#running.areHeardOf,
      opening: this.#opening.size,
      keeper: isReady ? "ready" : this.#keeping.isPending ? "coming" : "none",
      free: this.#runners.free,
      warming: this.#runners.warming,
      isTried: this.#runners.isTried,
      isMakingRoom: this.#runners.isMakingRoom,
      stock: isStocked ? this.#demand.stock : 0,
      isDemanded: isStocked && this.#demand.stock > warm,
      connections: this.#connections.all(),
      usable: this.#connections.usable,
      connecting: this.#connections.connecting,
      isOnlyProbing: this.#connections.isOnlyProbing,
      isFull: this.#connections.isFull,
      refusal: this.#connections.refusal(),
      isClosing: this.#closing,
      presence: {
        isHeld: this.#pulse.isHeld,
        mayConnect: this.#connections.mayProbe,
        mayOpenKeeper: this.#keeping.mayOpen,
      },
    };
  }

  #act(action: Action<Connection, Command>): void {
    switch (action.do) {
      case "dispatch":
        this.#dispatch(action.command);
        return;
      case "openTerminal":
        this.#queue.take(action.command);
        void this.#startInTerminal(action.command, action.on);
        return;
      case "openKeeper":
        void this.#addKeeper(action.on);
        return;
      case "openRunner":
        void this.#addRunner(action.on);
        return;
      case "makeRoom":
        this.#runners.makeRoom();
        return;
      case "connect":
        this.#connections.add();
        return;
      case "retryLater":
        this.#connections.retryLater();
        return;
      case "probe":
        this.#connections.probe();
        return;
      case "refuse":
        for (const one of this.#queue.takeAll()) one.notStarted(action.refusal);
        return;
      case "refuseBackground":
        this.#refuseBackground();
        return;
      case "endFree":
        this.#runners.endFree(action.count, this.#connections.all());
        return;
      case "closeConnection":
        this.#close(action.on);
        return;
    }
  }

  /** While more is open than always, what is not needed is given back from time to time. */
  #watchDemand(): void {
    const { warm } = this.#limits;
    const isMore = Math.max(this.#demand.stock, this.#runners.free) > warm || this.#connections.usable > 1;
    if (this.#spellTimer !== null || this.#closing || !isMore) return;
    this.#spellTimer = setTimeout(() => {
      this.#spellTimer = null;
      const busy = this.#running.size + this.#queue.length;
      const { free, warming } = this.#runners;
      this.#demand = afterSpell(this.#demand, warm, { busy, free, warming });
      this.#carryOut((view) => planSpell(view, this.#demand.stock));
      this.#watchDemand();
    }, SPELL_MS);
    this.#spellTimer.unref();
  }

  /** To a shell that waits, if one is still there. */
  #dispatch(command: Command): void {
    const runner = this.#runners.takeFree();
    if (runner === null) return;
    this.#queue.take(command);
    this.#demand = afterUse(this.#demand, this.#runners.free);
    this.#send(command, runner);
  }

  #send(command: Command, runner: Runner): void {
    if (!this.#running.dispatch(command, runner)) {
      const fact = "its shell was gone before the command was sent";
      command.notStarted(notStarted(this.#options.node, fact));
    } else if (!command.isBackground) this.#idle.stop();
  }

  #commandEnded(command: Command): void {
    if (this.#running.size === 0) this.#onEmpty?.();
    this.#closeStalled();
    this.#ended(command);
  }

  async #startInTerminal(command: Command, connection: Connection): Promise<void> {
    const { pty = null } = command.request;
    if (pty === null) return;
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
      this.#send(command, runner);
    } else if (runner !== null || connection.isSilent || isOnlyFull(connection, failure)) {
      runner?.discard();
      this.#queue.putBack(command);
    } else {
      command.notStarted(noSession(this.#options.node, terminalFault(failure), "terminal"));
    }
    this.#advance();
  }

  #opened(isFirst: boolean): void {
    if (isFirst) this.#options.onConnect?.();
    this.#pulse.changed();
    this.#advance();
    this.#idle.begin();
  }

  #connectFailed(failure: ConnectFailure): void {
    // While something else is open, a failed attempt at more says nothing of the node.
    if (this.#connections.usable === 0) {
      this.#pulse.failed({ kind: failure.transportFailure ? "down" : "unknown", reason: reasonOf(failure) });
    } else this.#pulse.changed();
    this.#keepWarm = false;
    this.#giveUp(failure);
    // Where an attempt took long, the next one may be due already.
    this.#carryOut(planPresence);
  }

  #connectionEnded(connection: Connection, error: string | null): void {
    this.#leave(connection);
    const { failure } = connection;
    const isNews = !connection.isDropped && !connection.isSilent;
    if (failure !== null) {
      this.#keepWarm = false;
      this.#pulse.failed({ kind: "down", reason: failure });
      this.#giveUp(misbehaved(this.#options.node, failure));
    } else if (isNews && this.#connections.usable === 0) {
      this.#pulse.lost(`its SSH connection was lost${error === null ? "" : ` (${error})`}`);
    }
    this.#lacks();
    this.#pulse.changed();
  }

  /** Nothing of this connection is used any more. */
  #leave(connection: Connection): void {
    this.#connections.leave(connection);
    this.#runners.leave(connection, this.#connections.size === 0);
    this.#keeping.leave(connection);
  }

  #close(connection: Connection): void {
    this.#leave(connection);
    connection.destroy();
  }

  /** On which nothing new begins, and nothing runs any more. */
  #closeStalled(): void {
    for (const connection of this.#connections.all()) {
      const isNeeded = connection.opening > 0 || this.#running.usesConnection(connection);
      if (connection.isStalled && !isNeeded) this.#close(connection);
    }
  }

  /** Nothing is heard of them: others are tried, while what runs on them may be heard of again. */
  #silent(connections: readonly Connection[]): void {
    const { node, log } = this.#options;
    log.warn({ node, connections: connections.length }, "ssh: nothing is heard of the node");
    for (const connection of connections) {
      this.#keeping.retire(connection);
      this.#runners.discardFree(connection);
      connection.silence();
    }
    if (this.#connections.usable === 0) this.#pulse.lost("nothing is heard on its SSH connection");
    this.#lacks();
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
      else this.#watchDemand();
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
    if (connection.isSilent || isOnlyFull(connection, error)) {
      this.#advance();
      return;
    }
    // The end of the connection is told where it is noticed.
    if (connection.isClosed) return;
    const { node, log } = this.#options;
    this.#keepWarm = false;
    log.warn({ node, reason: messageOf(error) }, "ssh: no session");
    if (connection.limit === 0) connection.destroy();
    this.#lastFailure = noSession(node, error);
    this.#giveUp(this.#lastFailure, isKeeper);
  }

  #refuseQueue(fact: string): void {
    for (const command of [...this.#queue.takeAll(), ...this.#opening]) {
      command.notStarted(notStarted(this.#options.node, fact));
    }
  }

  #refuseBackground(): void {
    const fact = notStarted(this.#options.node, "no SSH connection is open, and none is opened for this");
    for (const command of this.#queue.takeAll()) command.notStarted(fact);
  }

  #late(): Refusal {
    const { node } = this.#options;
    // Nobody's command is in the way: to wait for one, or to end one, would not help.
    if (this.#lastFailure !== null) return this.#lastFailure;
    const fact = `no session came free in ${this.#limits.queueMs / 1000} s`;
    if (this.#running.size === 0) return notStarted(node, fact);
    return busy(node, `${fact}, ${this.#running.size} commands run`);
  }

  #unused(): void {
    this.#keepWarm = false;
    this.#demand = noDemand(this.#limits.warm);
    this.#carryOut(planIdle);
    if (this.#pulse.isHeld) this.#idle.begin();
  }

  #ended({ isBackground }: Command): void {
    if (isBackground) this.#idle.resume();
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
