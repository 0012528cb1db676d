// One command from its request to its outcome. This file alone decides between "ran", "not started" and "unknown".
import type { PassThrough, Readable } from "node:stream";
import { refusal } from "../../../../shared/refusal.ts";
import { quote } from "../../../../shared/safeText.ts";
import { BaseCommand } from "../../baseCommand.ts";
import type { Abandonment, Outcome, SignalName } from "../../transport.ts";
import { workdirRefusal } from "../../workdirRefusal.ts";
import type { Runner, RunnerEnd, RunnerIdentity, StartLine } from "./runner.ts";

/** A command that waits for a runner, and then is one. */
export class Command extends BaseCommand {
  /** Set once the command may be running. */
  runner: Runner | null = null;
  #startLine: StartLine | null = null;
  #send: ((name: SignalName) => void) | null = null;

  /** It needs a terminal, and so a session of its own. */
  get isTerminal(): boolean {
    return (this.request.pty ?? null) !== null;
  }

  /** Nobody's work: no connection is made or kept for it. */
  get isBackground(): boolean {
    return this.request.isBackground === true;
  }

  protected override get isDispatched(): boolean {
    return this.runner !== null;
  }

  protected override sendSignal(name: SignalName): void {
    this.#send?.(name);
  }

  protected override giveUp(fact: string, how: Abandonment): void {
    if (how === "end") this.#send?.("KILL");
    this.runner?.abandon(fact, how);
  }

  /**
   * Hands the command to a runner: from here on it may be running.
   * @param send sends a signal to the command's process group.
   */
  dispatch(runner: Runner, identity: RunnerIdentity, marker: string, send: (name: SignalName) => void): void {
    this.runner = runner;
    this.#send = send;
    const { stdout, stderr } = runner.dispatch(this.request, marker, (line) => {
      this.#startLine ??= line;
      if (line.kind === "start") this.begun(identity.processGroup);
    });
    carry(stdout, this.stdout);
    carry(stderr, this.stderr);
    // A closed channel takes no more input; what is written then goes nowhere, as into a closed pipe.
    if ((this.request.input ?? null) === null) this.stdin.pipe(runner.channel);
    const drained = Promise.all([finished(stdout), finished(stderr)]);
    void Promise.all([runner.ended, drained]).then(([end]) => {
      if (this.#startLine?.kind === "cwd") {
        const why = workdirRefusal(this.#startLine.reason, this.request.cwd ?? "", this.node);
        this.#end({ kind: "notStarted", ...why });
      } else if (!end.told || end.isCut) {
        this.#end(this.#unknown(identity, end));
      } else if (this.#startLine === null) {
        // The server told the end and sent all that was printed before: the shell never came to the command.
        const fact = `the waiting shell on node ${quote(this.node)} ended ${howEnded(end)} before it began the command`;
        const advice =
          "Try once more; if it stays so, see what ends shells on that machine (memory, limits, its logs)";
        this.#end({
          kind: "notStarted",
          ...refusal("NOT_STARTED", fact, { nothingRan: "nothing ran", advice }),
        });
      } else {
        this.#end({ kind: "ran", exitCode: end.exitCode, signal: end.signal });
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
        ? `the connection to node ${quote(this.node)} ${lost}`
        : `the command on node ${quote(this.node)} was given up, because ${abandoned},`;
    return { kind: "unknown", processGroup, ...refusal("OUTCOME_UNKNOWN", `${what} after ${fact}`) };
  }

  #end(outcome: Outcome): void {
    this.finish(outcome, this.runner?.identity?.processGroup);
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
