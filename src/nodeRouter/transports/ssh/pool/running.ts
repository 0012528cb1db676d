// The commands of one node that are running: how each was sent, how it is signalled, and on which connection it is.
import { randomBytes } from "node:crypto";
import type { SignalName } from "../../transport.ts";
import type { Connection } from "../session/connection.ts";
import type { Runner } from "../session/runner.ts";
import type { Command } from "../session/sshCommand.ts";
import { isEnd, type Keeping, type Kept } from "./keeping.ts";
import type { Runners } from "./runners.ts";

export interface RunningOptions {
  readonly runners: Runners;
  readonly keeping: Keeping;
  /** It has ended, and is no longer one of these. */
  readonly onEnd: (command: Command) => void;
  /** A signal had no keeper to go to: one is needed. */
  readonly onUnkept: () => void;
}

export class RunningCommands {
  readonly #options: RunningOptions;
  /** With the connection of each: it is in use until the command has ended, also when its session has. */
  readonly #running = new Map<Command, Connection>();
  /** Of these, those that were told to end. */
  readonly #ending = new Set<Command>();

  constructor(options: RunningOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#running.size;
  }

  /** Whether any of them may still be heard of. */
  get areHeardOf(): boolean {
    return [...this.#running.values()].some(({ isSilent }) => !isSilent);
  }

  usesConnection(connection: Connection): boolean {
    return [...this.#running.values()].includes(connection);
  }

  /** As a new keeper has to know them. */
  kept(): readonly Kept[] {
    return [...this.#running].flatMap(([command, connection]) => {
      const identity = command.runner?.identity ?? null;
      return identity === null ? [] : [{ identity, connection, isEnding: this.#ending.has(command) }];
    });
  }

  /** Sends the command. False: the runner or the keeper was gone, and nothing was sent. */
  dispatch(command: Command, runner: Runner): boolean {
    const { identity } = runner;
    const { runners, keeping } = this.#options;
    const connection = runners.connectionOf(runner);
    if (identity === null || connection === undefined || keeping.current === null) {
      runner.discard();
      return false;
    }
    this.#running.set(command, connection);
    keeping.watch(identity, connection);
    command.dispatch(runner, identity, randomBytes(16).toString("hex"), (name: SignalName) => {
      if (isEnd(name)) this.#ending.add(command);
      if (keeping.signal(identity, name)) return;
      // The next keeper ends it for sure; until then this is what there is.
      runner.channel.signal(name);
      this.#options.onUnkept();
    });
    void command.outcome.then((outcome) => {
      this.#running.delete(command);
      this.#ending.delete(command);
      if (outcome.kind === "unknown") keeping.abandon(identity, connection);
      else keeping.forget(identity);
      this.#options.onEnd(command);
    });
    return true;
  }
}
