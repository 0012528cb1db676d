// The runners of one node: those that wait ahead of use, those on their way up, and on which connection each is.

import { within } from "../../../../shared/deadline.ts";
import type { PtySize } from "../../transport.ts";
import { launchCommands } from "../session/bootstrap.ts";
import type { Connection } from "../session/connection.ts";
import { prove } from "../session/proof.ts";
import { Runner } from "../session/runner.ts";
import { NO_INPUT } from "../session/sessionFault.ts";

export interface RunnersOptions {
  readonly loginShell: boolean;
  /** After which a runner that is not ready counts as failed. */
  readonly readyMs: number;
  /** One is gone. `isMissed`: it was in use, or was to make room. */
  readonly onEnd: (isMissed: boolean) => void;
}

export class Runners {
  readonly #options: RunnersOptions;
  /** Those that wait. */
  readonly #free: Runner[] = [];
  /** The connection of every live runner. */
  readonly #owners = new Map<Runner, Connection>();
  /** Those that were ready and proved, and are free or were taken. */
  readonly #handedOut = new WeakSet<Runner>();
  /** The connections of those that are on their way up. */
  readonly #warming: Connection[] = [];
  /** Of a session without and of one with a terminal: whether it is what commands rely on. */
  readonly #proofs = new Map<
    "plain" | "terminal",
    { readonly isDone: boolean; readonly result: Promise<void> }
  >();
  /** Whether the login gave one at all: start files may be slow, and many of them at once far slower. */
  isTried = false;
  /** A waiting runner that makes room for what cannot use it. */
  #leaving: Runner | null = null;

  constructor(options: RunnersOptions) {
    this.#options = options;
  }

  get free(): number {
    return this.#free.length;
  }

  /** Those on their way up from which anything is to be expected. */
  get warming(): number {
    return this.#warming.filter(({ isSilent, isClosed }) => !isSilent && !isClosed).length;
  }

  get size(): number {
    return this.#owners.size;
  }

  connectionOf(runner: Runner): Connection | undefined {
    return this.#owners.get(runner);
  }

  takeFree(): Runner | null {
    for (;;) {
      const runner = this.#free.shift();
      if (runner === undefined) return null;
      if (!runner.closed && runner.identity !== null) return runner;
    }
  }

  /** Opens one that waits. @throws Error that says why there is none */
  async add(connection: Connection): Promise<void> {
    this.#warming.push(connection);
    try {
      const { runner: command } = launchCommands(this.#options.loginShell);
      const runner = await this.#proven(() => this.#open(connection, command, {}), null);
      if (connection.isSilent || runner.closed) {
        runner.discard();
        throw new Error(connection.isSilent ? "nothing is heard of the server" : "its shell has ended");
      }
      this.#handedOut.add(runner);
      this.#free.push(runner);
      this.isTried = true;
    } finally {
      this.#warming.splice(this.#warming.indexOf(connection), 1);
    }
  }

  /** Opens one with a terminal, for a command that waits for it. @throws Error that says why there is none */
  async openTerminal(connection: Connection, pty: PtySize): Promise<Runner> {
    const { terminalRunner } = launchCommands(this.#options.loginShell);
    const runner = await this.#proven(() => this.#open(connection, terminalRunner, { pty: { ...pty } }), pty);
    this.#handedOut.add(runner);
    return runner;
  }

  /**
   * The first of either kind is spent to see whether a session does what commands rely on; whoever comes meanwhile
   * waits for that. Once a login was good it is taken to stay so, until no connection of it is left.
   */
  async #proven(open: () => Promise<Runner>, pty: PtySize | null): Promise<Runner> {
    const { readyMs } = this.#options;
    const kind = pty === null ? "plain" : "terminal";
    const startedMs = performance.now();
    const runner = await open();
    if (!runner.isProvable || this.#proofs.get(kind)?.isDone === true) return runner;
    const running = this.#proofs.get(kind);
    if (running !== undefined) {
      try {
        await running.result;
      } catch (error) {
        runner.discard();
        throw error;
      }
      return runner;
    }
    const left = Math.max(readyMs / 5, readyMs - (performance.now() - startedMs));
    const proof = {
      isDone: false,
      result: prove(runner, pty, left).then((fault) => {
        if (fault !== null) throw fault;
        proof.isDone = true;
      }),
    };
    this.#proofs.set(kind, proof);
    try {
      await proof.result;
    } catch (error) {
      if (this.#proofs.get(kind) === proof) this.#proofs.delete(kind);
      throw error;
    }
    return open();
  }

  async #open(connection: Connection, command: string, options: { pty?: object }): Promise<Runner> {
    const { readyMs } = this.#options;
    const startedMs = performance.now();
    const runner = await connection.open(command, options, readyMs, (session) => {
      const opened = new Runner(session);
      this.#owners.set(opened, connection);
      void opened.ended.then(() => {
        const isMissed = opened.isUsed || opened === this.#leaving;
        this.#drop(opened);
        // Of one that was never handed out its opener tells; to open another at once would be to fail again.
        if (this.#handedOut.has(opened)) this.#options.onEnd(isMissed);
      });
      return opened;
    });
    try {
      const left = Math.max(1, readyMs - (performance.now() - startedMs));
      await within(runner.ready, left, () => runner.late(readyMs));
      if (runner.closed) throw NO_INPUT;
      return runner;
    } catch (error) {
      runner.discard();
      throw error;
    }
  }

  get isMakingRoom(): boolean {
    return this.#leaving !== null;
  }

  /**
   * For what a waiting runner is no use to, and every session holds one: one of them ends, and its end is the
   * event that lets the other begin.
   */
  makeRoom(): void {
    this.#leaving ??= this.takeFree();
    this.#leaving?.discard();
  }

  /** Ends those that wait: all, or those on one connection. */
  discardFree(connection?: Connection): void {
    const gone = this.#free.filter((one) => connection === undefined || this.#owners.get(one) === connection);
    for (const runner of gone) this.#discardFree(runner);
  }

  /** Ends so many of those that wait: first those on the connections that came last, so that these fall empty. */
  endFree(count: number, connections: readonly Connection[]): void {
    const order = new Map<Connection | undefined, number>(connections.map((one, at) => [one, at]));
    const placeOf = (runner: Runner) => order.get(this.#owners.get(runner)) ?? -1;
    const last = [...this.#free].sort((a, b) => placeOf(b) - placeOf(a));
    for (const runner of last.slice(0, count)) this.#discardFree(runner);
  }

  #discardFree(runner: Runner): void {
    this.#free.splice(this.#free.indexOf(runner), 1);
    runner.discard();
  }

  /** None of this connection is used any more. @param isLast whether there is no other one. */
  leave(connection: Connection, isLast = false): void {
    if (isLast) {
      this.#proofs.clear();
      this.isTried = false;
    }
    for (const [runner, owner] of this.#owners) if (owner === connection) this.#drop(runner);
  }

  #drop(runner: Runner): void {
    if (this.#leaving === runner) this.#leaving = null;
    this.#owners.delete(runner);
    const at = this.#free.indexOf(runner);
    if (at !== -1) this.#free.splice(at, 1);
  }
}
