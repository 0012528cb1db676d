// A /bin/sh that has its streams and waits for the text of its command, which stands in no argument list.
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync } from "node:fs";
import { Socket } from "node:net";
import type { PipeEnds } from "./pipePool.ts";
import { type ProcessEnd, type ProcessEvents, type StartedProcess, signalGroup } from "./startedProcess.ts";

/** Ends the text: what is cut off because the node host ended never runs. */
export const COMPLETE = "# node-router";

/** Without what reads the text nothing works; what finds that comes last, so that it hides nothing. */
export const FIND_CAT = `command -v cat >/dev/null 2>&1 || PATH=\${PATH:+$PATH:}/usr/bin:/bin`;

/** To stand first in a text: lets go of the descriptor that the text came by. */
export const LET_GO = "exec 3<&-";

/** Reads the command from descriptor 3, and becomes it. */
const BOOT = `${FIND_CAT}; set -- "$(cat <&3)"; case $1 in *"${COMPLETE}") eval "$1";; *) exit 126;; esac`;

/**
 * One that waits, in a process group of its own; else why the system started none.
 * SECURITY: `ps` shows a constant text of every command.
 * @param taken pipes for its output, which are used up in any case; null: it gets what Node has.
 */
export async function startShell(
  cwd: string,
  env: Readonly<Record<string, string>>,
  taken: readonly [PipeEnds, PipeEnds] | null,
): Promise<WaitingShell | Error> {
  const child = begin(["-c", BOOT, "/bin/sh"], {
    cwd,
    // A shell takes it as the name by which the directory was entered.
    env: { ...env, PWD: cwd },
    detached: true,
    stdio: ["pipe", taken?.[0].theirs ?? "pipe", taken?.[1].theirs ?? "pipe", "pipe"],
  });
  for (const { theirs } of taken ?? []) closeSync(theirs);
  if (child instanceof Error || child.pid === undefined) {
    for (const { ours } of taken ?? []) ours.destroy();
    if (child instanceof Error) return child;
    const [error]: unknown[] = await once(child, "error");
    return error instanceof Error ? error : new Error(String(error));
  }
  return new WaitingShell(child, child.pid, taken?.map((ends) => ends.ours) ?? [child.stdout, child.stderr]);
}

export class WaitingShell {
  readonly processGroup: number;
  /** Takes the text, and tells what the text has to say before the command. */
  readonly text: Socket;
  hasEnded = false;
  /** Never rejects. */
  readonly whenEnded: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  readonly #stdin: Socket;
  readonly #stdout: Socket;
  readonly #stderr: Socket;

  constructor(child: ChildProcess, pid: number, output: readonly unknown[]) {
    this.processGroup = pid;
    this.#child = child;
    [this.#stdin, this.#stdout, this.#stderr, this.text] = streamsOf([
      child.stdin,
      ...output,
      child.stdio[3],
    ]);
    for (const stream of [child, ...this.#streams]) stream.on("error", () => {});
    this.whenEnded = new Promise((resolve) => {
      child.once("exit", (exitCode: number | null, signal: string | null) => {
        this.hasEnded = true;
        // Of a command that ended nobody takes input; a reader that it left behind sees the end.
        this.#stdin.end();
        resolve({ exitCode, signal });
      });
    });
  }

  /** Whether the node host lives on for it. */
  hold(on: boolean): void {
    for (const held of [this.#child, ...this.#streams]) on ? held.ref() : held.unref();
  }

  /** The command that it is, or is about to become: from now on all is told that it prints. */
  run(events: ProcessEvents): StartedProcess {
    const [stdin, stdout, stderr] = [this.#stdin, this.#stdout, this.#stderr];
    const closed = [stdout, stderr].map(
      (stream) => stream.closed || new Promise((resolve) => stream.once("close", resolve)),
    );
    stdout.on("data", (chunk: Buffer) => events.output("out", chunk));
    stderr.on("data", (chunk: Buffer) => events.output("err", chunk));
    void Promise.all(closed).then(async () => events.ended(await this.whenEnded));
    const hasEnded = (): boolean => this.hasEnded;
    return {
      processGroup: this.processGroup,
      get unwritten() {
        // What nobody can read any more is not waited for.
        return hasEnded() || stdin.destroyed ? 0 : stdin.writableLength;
      },
      write: (data) => void (stdin.writable && stdin.write(data)),
      endInput: () => void stdin.end(),
      flow(on) {
        for (const stream of [stdout, stderr]) on ? stream.resume() : stream.pause();
      },
      signal: (name) => void signalGroup(this.processGroup, `SIG${name}`),
      release: () => this.release(),
    };
  }

  /** Lets go of its streams. One that has no text yet ends by that, and has run nothing. */
  release(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  get #streams(): readonly Socket[] {
    return [this.#stdin, this.#stdout, this.#stderr, this.text];
  }
}

/** Node throws some of the system's refusals and tells others later. */
function begin(args: readonly string[], options: SpawnOptions): ChildProcess | Error {
  try {
    return spawn("/bin/sh", args, options);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function streamsOf(streams: readonly unknown[]): readonly [Socket, Socket, Socket, Socket] {
  const [stdin, stdout, stderr, text] = streams;
  if (
    stdin instanceof Socket &&
    stdout instanceof Socket &&
    stderr instanceof Socket &&
    text instanceof Socket
  ) {
    return [stdin, stdout, stderr, text];
  }
  throw new TypeError("a process was started without the streams that were asked for");
}
