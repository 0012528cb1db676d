// A shell for the next command, started ahead: the system copies the node host's page tables for each, some 10 ms.
import type { Env } from "./loginEnv.ts";
import type { PipePool } from "./pipePool.ts";
import { spareText } from "./spareText.ts";
import { type ProcessEvents, type ProcessStart, type StartedProcess, signalGroup } from "./startedProcess.ts";
import { startShell, type WaitingShell } from "./waitingShell.ts";

/** So long after the last answer none is made: the answer is out by then, and what follows it at once is not kept up. */
const QUIET_MS = 5;
/** A spare that has its text says that it begins within so many ms. */
const BEGIN_MS = 10_000;
/** Of the directory `/`: it keeps nobody from taking a file system away. */
const WAITS_IN = "/";

interface Spare {
  readonly shell: WaitingShell;
  readonly login: Env;
}

/**
 * At most one. It runs nothing until it is given a command, ends by itself with the node host, and is no work that
 * anybody waits for.
 */
export class SpareShell {
  readonly #pipes: PipePool;
  readonly #login: () => Promise<Env>;
  readonly #beginMs: number;
  #spare: Spare | null = null;
  #answers = 0;
  #timer: NodeJS.Timeout | undefined;
  #isMaking = false;
  #isClosed = false;

  /** @param login the environment that the next command's is laid over; the same object as long as it is the same. */
  constructor(pipes: PipePool, login: () => Promise<Env>, beginMs = BEGIN_MS) {
    this.#beginMs = beginMs;
    this.#pipes = pipes;
    this.#login = login;
  }

  /** The process group of the one that waits; null: none does. */
  get group(): number | null {
    return this.#spare?.shell.processGroup ?? null;
  }

  /** What `answer` gives. When no answer is under way any more, a spare is made for what may come next. */
  async after<T>(answer: () => Promise<T> | T): Promise<T> {
    clearTimeout(this.#timer);
    this.#answers++;
    try {
      return await answer();
    } finally {
      this.#answers--;
      clearTimeout(this.#timer);
      if (this.#answers === 0)
        this.#timer = setTimeout(() => void this.#make().catch(() => {}), QUIET_MS).unref();
    }
  }

  /**
   * The command in the spare; null: there is none that it fits, or it was lost, and nothing of the command has run.
   * @param login what `start.env` was laid over.
   */
  async run(start: ProcessStart, login: Env, events: ProcessEvents): Promise<StartedProcess | null> {
    if (this.#spare !== null && this.#spare.login !== login) this.#drop();
    const text = this.#spare === null ? null : spareText(start, login);
    const shell = this.#spare?.shell;
    if (text === null || shell === undefined) return null;
    this.#spare = null;
    shell.hold(true);
    start.announce(shell.processGroup);
    const begun = hasBegun(shell, this.#beginMs);
    shell.text.end(text);
    if (await begun) return shell.run(events);
    start.withdraw(shell.processGroup);
    end(shell);
    return null;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  #drop(): void {
    if (this.#spare !== null) end(this.#spare.shell);
    this.#spare = null;
  }

  async #make(): Promise<void> {
    if (this.#isMaking) return;
    this.#isMaking = true;
    try {
      const login = await this.#login();
      await this.#pipes.ready();
      if (this.#spare?.login === login || this.#answers > 0 || this.#isClosed) return;
      this.#drop();
      const pipes = this.#pipes.take();
      const shell = pipes && (await startShell(WAITS_IN, login, pipes));
      if (shell === null || shell instanceof Error) return;
      shell.hold(false);
      if (this.#isClosed) return end(shell);
      this.#spare = { shell, login };
      void shell.whenEnded.then(() => this.#spare?.shell === shell && this.#drop());
    } finally {
      this.#isMaking = false;
    }
  }
}

/**
 * Whether it says so. It does right before the command, and what says nothing before its end never came to that: a
 * text of which it did not get all among them.
 */
function hasBegun(shell: WaitingShell, maxMs: number): Promise<boolean> {
  // Of its end the streams may tell before the system does.
  if (shell.text.closed) return Promise.resolve(false);
  return new Promise((resolve) => {
    shell.text.once("data", () => resolve(true)).once("close", () => resolve(false));
    const waiting = setTimeout(() => {
      // What it may have said by now is read first. One that somebody stopped is ended: then it is known.
      setImmediate(() => shell.text.bytesRead === 0 && kill(shell));
    }, maxMs);
    shell.text.once("data", () => clearTimeout(waiting)).once("close", () => clearTimeout(waiting));
  });
}

function end(shell: WaitingShell): void {
  kill(shell);
  shell.release();
}

function kill({ hasEnded, processGroup }: WaitingShell): void {
  if (!hasEnded) signalGroup(processGroup, "SIGKILL");
}
