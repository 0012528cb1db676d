// What every transport's command has: streams, the wish to end it, and one outcome that is told once.
import { PassThrough } from "node:stream";
import type { Refusal } from "../../shared/refusal.ts";
import type { Abandonment, CommandRequest, Outcome, RunningCommand, SignalName } from "./transport.ts";

/** A command that waits, and then may be running. */
export abstract class BaseCommand implements RunningCommand {
  readonly request: CommandRequest;
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly started: Promise<{ readonly processGroup: number } | null>;
  readonly outcome: Promise<Outcome>;
  settled = false;
  /** The node's name, for people. */
  protected readonly node: string;
  readonly #settle: (outcome: Outcome) => void;
  readonly #begin: (start: { readonly processGroup: number } | null) => void;
  #cancel: ((fact: string | null) => void) | null = null;

  constructor(node: string, request: CommandRequest) {
    this.node = node;
    this.request = request;
    const outcome = Promise.withResolvers<Outcome>();
    this.outcome = outcome.promise;
    this.#settle = outcome.resolve;
    const started = Promise.withResolvers<{ readonly processGroup: number } | null>();
    this.started = started.promise;
    this.#begin = started.resolve;
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream.on("error", () => {});
    const { abortSignal } = request;
    if (abortSignal !== undefined) {
      const abort = (): void => this.signal("TERM");
      abortSignal.addEventListener("abort", abort, { once: true });
      void this.outcome.then(() => abortSignal.removeEventListener("abort", abort));
    }
  }

  /** Whether it may be running: nothing proves any more that it did not begin. */
  protected abstract readonly isDispatched: boolean;
  /** After the dispatch: to the command's process group. */
  protected abstract sendSignal(name: SignalName): void;
  /** After the dispatch: settles the outcome now. */
  protected abstract giveUp(fact: string, how: Abandonment): void;

  /** While it waits, a signal takes it out of the queue. The fact is why, where that is not the caller's wish. */
  onCancel(cancel: (fact: string | null) => void): void {
    this.#cancel = cancel;
  }

  /** Not sent, and so proven not to have begun. Afterwards this says nothing any more. */
  notStarted(why: Refusal): void {
    const { code, fact, nothingRan, advice } = why;
    if (!this.isDispatched) this.finish({ kind: "notStarted", code, fact, nothingRan, advice });
  }

  signal(name: SignalName): void {
    if (this.settled) return;
    if (this.isDispatched) this.sendSignal(name);
    else this.#cancel?.(null);
  }

  abandon(fact: string, how: Abandonment): void {
    if (this.settled) return;
    if (this.isDispatched) this.giveUp(fact, how);
    else this.#cancel?.(fact);
  }

  /** The command's own shell runs. */
  protected begun(processGroup: number): void {
    this.#begin({ processGroup });
  }

  /** @param processGroup for one of which no start was seen. */
  protected finish(outcome: Outcome, processGroup = 0): void {
    if (this.settled) return;
    this.settled = true;
    this.#begin(outcome.kind === "ran" ? { processGroup } : null);
    // What was sent may still be on its way through the pipes, which end these behind it.
    if (!this.isDispatched) this.endOutput();
    this.stdin.destroy();
    this.#settle(outcome);
  }

  protected endOutput(): void {
    this.stdout.end();
    this.stderr.end();
  }
}
