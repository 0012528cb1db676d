// The commands of one node that wait for a session, in their order, each for a limited time.
import type { Command } from "../session/sshCommand.ts";

export interface QueueOptions {
  /** How long a command waits, ms. */
  readonly waitMs: number;
  /** It waited too long; it is no longer in the queue. */
  readonly onLate: (command: Command) => void;
  /** Its caller does not want it any more, for this reason if it gave one; it is no longer in the queue. */
  readonly onCancel: (command: Command, fact: string | null) => void;
}

export class CommandQueue {
  readonly #options: QueueOptions;
  readonly #waiting: Command[] = [];

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** The first of them first, as they are now. */
  entries(): readonly Command[] {
    return [...this.#waiting];
  }

  /** Its time begins. */
  add(command: Command): void {
    const timer = setTimeout(() => {
      this.take(command);
      this.#options.onLate(command);
    }, this.#options.waitMs);
    timer.unref();
    void command.outcome.then(() => clearTimeout(timer));
    command.onCancel((fact) => {
      this.take(command);
      this.#options.onCancel(command, fact);
    });
    this.#waiting.push(command);
  }

  /** One that was taken out comes back before all others; its time goes on. */
  putBack(command: Command): void {
    this.#waiting.unshift(command);
  }

  take(command: Command): void {
    const at = this.#waiting.indexOf(command);
    if (at !== -1) this.#waiting.splice(at, 1);
  }

  takeAll(): readonly Command[] {
    return this.#waiting.splice(0);
  }
}
