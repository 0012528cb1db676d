// The runners of one node: those that wait ahead of use, those on their way up, and on which connection each is.
import { messageOf } from "../../../errors.ts";
import { quote } from "../../../safeText.ts";
import { launchCommands } from "./bootstrap.ts";
import type { Connection } from "./connection.ts";
import type { PtySize } from "./contract.ts";
import { Runner } from "./runner.ts";
import { within } from "./within.ts";

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
  /** The connections of those that are on their way up. */
  readonly #warming: Connection[] = [];
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
      const runner = await this.#open(connection, command, {});
      if (connection.isSilent) {
        runner.discard();
        throw new Error("nothing is heard of the server");
      }
      this.#free.push(runner);
    } finally {
      this.#warming.splice(this.#warming.indexOf(connection), 1);
    }
  }

  /** Opens one with a terminal, for a command that waits for it. @throws Error that says why there is none */
  openTerminal(connection: Connection, pty: PtySize): Promise<Runner> {
    const { terminalRunner } = launchCommands(this.#options.loginShell);
    return this.#open(connection, terminalRunner, { pty: { ...pty } });
  }

  async #open(connection: Connection, command: string, options: { pty?: object }): Promise<Runner> {
    const { readyMs } = this.#options;
    const runner = await connection.open(command, options, readyMs, (session) => {
      const opened = new Runner(session);
      this.#owners.set(opened, connection);
      void opened.ended.then(() => {
        const isMissed = opened.isUsed || opened === this.#leaving;
        this.#drop(opened);
        this.#options.onEnd(isMissed);
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

  /**
   * For what a waiting runner is no use to, and every session holds one: one of them ends, and its end is the
   * event that lets the other begin. False: there is none.
   */
  makeRoom(): boolean {
    if (this.#leaving !== null) return true;
    this.#leaving = this.takeFree();
    this.#leaving?.discard();
    return this.#leaving !== null;
  }

  /** Ends those that wait: all, or those on one connection. */
  discardFree(connection?: Connection): void {
    for (const runner of [...this.#free]) {
      if (connection !== undefined && this.#owners.get(runner) !== connection) continue;
      this.#free.splice(this.#free.indexOf(runner), 1);
      runner.discard();
    }
  }

  /** None of this connection is used any more. */
  leave(connection: Connection): void {
    for (const [runner, owner] of this.#owners) if (owner === connection) this.#drop(runner);
  }

  #drop(runner: Runner): void {
    if (this.#leaving === runner) this.#leaving = null;
    this.#owners.delete(runner);
    const at = this.#free.indexOf(runner);
    if (at !== -1) this.#free.splice(at, 1);
  }
}
