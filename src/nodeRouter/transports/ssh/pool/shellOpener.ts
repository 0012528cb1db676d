// Opens shells of one login, and proves with the first of each kind that a session does what commands rely on.
import { within } from "../../../../shared/deadline.ts";
import type { PtySize } from "../../transport.ts";
import { launchCommands } from "../session/bootstrap.ts";
import type { Connection } from "../session/connection.ts";
import { prove } from "../session/proof.ts";
import { Runner } from "../session/runner.ts";
import { NO_INPUT } from "../session/sessionFault.ts";

export interface ShellOpenerOptions {
  readonly loginShell: boolean;
  /** After which a shell that is not ready counts as failed. */
  readonly readyMs: number;
  /** Its session is there. */
  readonly onOpen: (shell: Runner, on: Connection) => void;
  /** Its session has ended. */
  readonly onEnd: (shell: Runner) => void;
}

export class ShellOpener {
  readonly #options: ShellOpenerOptions;
  /** Of a session without and of one with a terminal: whether it is what commands rely on. */
  readonly #proofs = new Map<"plain" | "terminal", Promise<void>>();

  constructor(options: ShellOpenerOptions) {
    this.#options = options;
  }

  /** One that waits for a command. @throws Error that says why there is none */
  async plain(on: Connection): Promise<Runner> {
    const { runner } = launchCommands(this.#options.loginShell);
    const shell = await this.#proven(() => this.#open(on, runner, {}), null);
    if (!on.isSilent && !on.isClosed && !shell.closed) return shell;
    shell.discard();
    throw new Error(on.isSilent ? "nothing is heard of the server" : "its shell has ended");
  }

  /** One with a terminal, for a command that waits for it. @throws Error that says why there is none */
  terminal(on: Connection, pty: PtySize): Promise<Runner> {
    const { terminalRunner } = launchCommands(this.#options.loginShell);
    return this.#proven(() => this.#open(on, terminalRunner, { pty: { ...pty } }), pty);
  }

  /** No connection is left: the login may be another one the next time. */
  forget(): void {
    this.#proofs.clear();
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
    if (!runner.isProvable) return runner;
    const running = this.#proofs.get(kind);
    if (running !== undefined) {
      try {
        await running;
      } catch (error) {
        runner.discard();
        throw error;
      }
      return runner;
    }
    const left = Math.max(readyMs / 5, readyMs - (performance.now() - startedMs));
    const proof = prove(runner, pty, left).then((fault) => {
      if (fault !== null) throw fault;
    });
    this.#proofs.set(kind, proof);
    try {
      await proof;
    } catch (error) {
      if (this.#proofs.get(kind) === proof) this.#proofs.delete(kind);
      throw error;
    }
    return open();
  }

  async #open(on: Connection, command: string, options: { pty?: object }): Promise<Runner> {
    const { readyMs, onOpen, onEnd } = this.#options;
    const startedMs = performance.now();
    const shell = await on.open(command, options, readyMs, (session) => {
      const opened = new Runner(session);
      onOpen(opened, on);
      void opened.ended.then(() => onEnd(opened));
      return opened;
    });
    try {
      const left = Math.max(1, readyMs - (performance.now() - startedMs));
      await within(shell.ready, left, () => shell.late(readyMs));
      if (shell.closed) throw NO_INPUT;
      return shell;
    } catch (error) {
      shell.discard();
      throw error;
    }
  }
}
