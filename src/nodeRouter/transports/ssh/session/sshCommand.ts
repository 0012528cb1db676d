// One command from its request to its outcome. This file alone decides between "ran", "not started" and "unknown".
import { PassThrough, type Readable } from "node:stream";
import { type Refusal, refusal } from "../../../../shared/refusal.ts";
import { quote } from "../../../../shared/safeText.ts";
import type { Abandonment, CommandRequest, Outcome, RunningCommand, SignalName } from "../../transport.ts";
import type { CwdFailure } from "./request.ts";
import type { Runner, RunnerEnd, RunnerIdentity, StartLine } from "./runner.ts";

/** A command that waits for a runner, and then is one. */
export class Command implements RunningCommand {
  readonly request: CommandRequest;
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly started: Promise<{ readonly processGroup: number } | null>;
  readonly outcome: Promise<Outcome>;
  /** Set once the command may be running. */
  runner: Runner | null = null;
  settled = false;
  readonly #node: string;
  readonly #settle: (outcome: Outcome) => void;
  #begin: (start: { readonly processGroup: number } | null) => void = () => {};
  #startLine: StartLine | null = null;
  #sendSignal: ((name: SignalName) => void) | null = null;
  #cancel: ((fact: string | null) => void) | null = null;

  constructor(node: string, request: CommandRequest) {
    this.#node = node;
    this.request = request;
    let settle: (outcome: Outcome) => void = () => {};
    this.outcome = new Promise((resolve) => {
      settle = resolve;
    });
    this.#settle = settle;
    this.started = new Promise((resolve) => {
      this.#begin = resolve;
    });
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream.on("error", () => {});
    const { abortSignal } = request;
    if (abortSignal !== undefined) {
      const abort = (): void => this.signal("TERM");
      abortSignal.addEventListener("abort", abort, { once: true });
      void this.outcome.then(() => abortSignal.removeEventListener("abort", abort));
    }
  }

  /** It needs a terminal, and so a session of its own. */
  get isTerminal(): boolean {
    return (this.request.pty ?? null) !== null;
  }

  /** Nobody's work: no connection is made or kept for it. */
  get isBackground(): boolean {
    return this.request.isBackground === true;
  }

  /** While it waits, a signal takes it out of the queue. The fact is why, where that is not the caller's wish. */
  onCancel(cancel: (fact: string | null) => void): void {
    this.#cancel = cancel;
  }

  /** Not handed to a runner, and so proven not to have begun. Afterwards this says nothing any more. */
  notStarted(why: Refusal): void {
    const { code, fact, nothingRan, advice } = why;
    if (this.runner === null) this.#finish({ kind: "notStarted", code, fact, nothingRan, advice });
  }

  signal(name: SignalName): void {
    if (this.settled) return;
    if (this.runner !== null) this.#sendSignal?.(name);
    else this.#cancel?.(null);
  }

  abandon(fact: string, how: Abandonment): void {
    if (this.settled) return;
    if (this.runner === null) {
      this.#cancel?.(fact);
      return;
    }
    if (how === "end") this.#sendSignal?.("KILL");
    this.runner.abandon(fact, how);
  }

  /**
   * Hands the command to a runner: from here on it may be running.
   * @param send sends a signal to the command's process group.
   */
  dispatch(runner: Runner, identity: RunnerIdentity, marker: string, send: (name: SignalName) => void): void {
    this.runner = runner;
    this.#sendSignal = send;
    const { stdout, stderr } = runner.dispatch(this.request, marker, (line) => {
      this.#startLine ??= line;
      if (line.kind === "start") this.#begin({ processGroup: identity.processGroup });
    });
    carry(stdout, this.stdout);
    carry(stderr, this.stderr);
    // A closed channel takes no more input; what is written then goes nowhere, as into a closed pipe.
    if ((this.request.input ?? null) === null) this.stdin.pipe(runner.channel);
    const drained = Promise.all([finished(stdout), finished(stderr)]);
    void Promise.all([runner.ended, drained]).then(([end]) => {
      if (this.#startLine?.kind === "cwd") {
        const why = cwdRefusal(this.#startLine.reason, this.request.cwd ?? "", this.#node);
        this.#finish({ kind: "notStarted", ...why });
      } else if (!end.told || end.isCut) {
        this.#finish(this.#unknown(identity, end));
      } else if (this.#startLine === null) {
        // The server told the end and sent all that was printed before: the shell never came to the command.
        const fact = `the waiting shell on node ${quote(this.#node)} ended ${howEnded(end)} before it began the command`;
        const advice =
          "Try once more; if it stays so, see what ends shells on that machine (memory, limits, its logs)";
        this.#finish({
          kind: "notStarted",
          ...refusal("NOT_STARTED", fact, { nothingRan: "nothing ran", advice }),
        });
      } else {
        this.#finish({ kind: "ran", exitCode: end.exitCode, signal: end.signal });
      }
    });
  }

  #unknown({ processGroup }: RunnerIdentity, end: RunnerEnd): Outcome {
    const begun = this.#startLine === null ? "may have begun" : "had begun";
    const fact = end.told
      ? `the shell had ended there ${howEnded(end)}, and not all of its output came`
      : `the command ${begun} there (process group ${processGroup}), and how it ended was not seen`;
    const { failure, abandoned } = end;
    const lost = failure === null ? "was lost" : `was ended, because ${failure},`;
    const what =
      abandoned === null
        ? `the connection to node ${quote(this.#node)} ${lost}`
        : `the command on node ${quote(this.#node)} was given up, because ${abandoned},`;
    return { kind: "unknown", processGroup, ...refusal("OUTCOME_UNKNOWN", `${what} after ${fact}`) };
  }

  #finish(outcome: Outcome): void {
    if (this.settled) return;
    this.settled = true;
    this.#begin(outcome.kind === "ran" ? { processGroup: this.runner?.identity?.processGroup ?? 0 } : null);
    // What a runner sent may still be on its way through the pipes, which end these behind it.
    if (this.runner === null) {
      this.stdout.end();
      this.stderr.end();
    }
    this.stdin.destroy();
    this.#settle(outcome);
  }
}

/** Pipes; a reader that went away no longer keeps what is behind it. */
function carry(from: Readable, to: PassThrough): void {
  from.pipe(to);
  // Also behind one that was cut off.
  from.once("close", () => to.end());
  to.once("close", () => from.resume());
}

function howEnded({ exitCode, signal }: RunnerEnd): string {
  return signal === null ? `with code ${exitCode}` : `by signal ${signal}`;
}

function finished(stream: Readable & { writableFinished: boolean }): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableFinished || stream.destroyed) resolve();
    stream.once("finish", resolve);
    stream.once("close", resolve);
  });
}

function cwdRefusal(reason: CwdFailure, cwd: string, node: string): Refusal {
  const fact = {
    missing: "does not exist",
    "not-a-directory": "is not a directory",
    denied: "may not be entered",
  }[reason];
  const text = `the working directory ${quote(cwd)} ${fact} on node ${quote(node)}`;
  return refusal("WORKDIR_UNAVAILABLE", text);
}
