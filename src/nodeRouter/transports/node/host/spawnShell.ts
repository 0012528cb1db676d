// Starts a command in /bin/sh whose text stands in no argument list.
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync } from "node:fs";
import { Readable, Writable } from "node:stream";
import { shellQuote } from "../../../../shared/shell.ts";
import type { PipePool } from "./pipePool.ts";
import { type ProcessEvents, type ProcessStart, type StartedProcess, signalGroup } from "./startedProcess.ts";

/** Ends the text: what is cut off because the node host ended never runs. */
export const COMPLETE = "# node-router";

/** Reads the command from descriptor 3, lets go of that, and becomes it. */
const BOOT = `command -v cat >/dev/null 2>&1 || PATH=\${PATH:+$PATH:}/usr/bin:/bin; set -- "$(cat <&3)"; exec 3<&-; case $1 in *"${COMPLETE}") eval "$1";; *) exit 126;; esac`;

/** The command as shell text: arguments, then the script, which is parsed only now. */
export function commandText(script: string, args: readonly string[]): string {
  return `set -- ${args.map(shellQuote).join(" ")}\neval ${shellQuote(script)}\n${COMPLETE}`;
}

/**
 * The process, which runs the script in a process group of its own; else why the system started none.
 * SECURITY: `ps` shows a constant text of every command.
 */
export async function spawnShell(
  start: ProcessStart,
  events: ProcessEvents,
  pipes: PipePool,
): Promise<StartedProcess | Error> {
  const taken = pipes.take();
  const child = begin(["-c", BOOT, "/bin/sh"], {
    cwd: start.cwd,
    // A shell takes it as the name by which the directory was entered.
    env: { ...start.env, PWD: start.cwd },
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
  const { pid } = child;
  const output = taken?.map((ends) => ends.ours) ?? [child.stdout, child.stderr];
  const [stdin, stdout, stderr, text] = streamsOf([child.stdin, ...output, child.stdio[3]]);
  for (const stream of [child, stdin, stdout, stderr, text]) stream.on("error", () => {});
  stdout.on("data", (chunk: Buffer) => events.output("out", chunk));
  stderr.on("data", (chunk: Buffer) => events.output("err", chunk));
  const closed = [stdout, stderr].map((stream) => new Promise((resolve) => stream.once("close", resolve)));
  let hasEnded = false;
  child.once("exit", (exitCode: number | null, signal: string | null) => {
    // Of a command that ended nobody takes input; a reader that it left behind sees the end.
    hasEnded = true;
    stdin.end();
    void Promise.all(closed).then(() => events.ended({ exitCode, signal }));
  });
  start.announce(pid);
  text.end(commandText(start.script, start.args));
  return {
    processGroup: pid,
    get unwritten() {
      // What nobody can read any more is not waited for.
      return hasEnded || stdin.destroyed ? 0 : stdin.writableLength;
    },
    write: (data) => void (stdin.writable && stdin.write(data)),
    endInput: () => void stdin.end(),
    flow(on) {
      for (const stream of [stdout, stderr]) on ? stream.resume() : stream.pause();
    },
    signal: (name) => void signalGroup(pid, `SIG${name}`),
    release() {
      for (const stream of [stdin, stdout, stderr, text]) stream.destroy();
    },
  };
}

/** Node throws some of the system's refusals and tells others later. */
function begin(args: readonly string[], options: SpawnOptions): ChildProcess | Error {
  try {
    return spawn("/bin/sh", args, options);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function streamsOf(streams: readonly unknown[]): readonly [Writable, Readable, Readable, Writable] {
  const [stdin, stdout, stderr, text] = streams;
  if (
    stdin instanceof Writable &&
    stdout instanceof Readable &&
    stderr instanceof Readable &&
    text instanceof Writable
  ) {
    return [stdin, stdout, stderr, text];
  }
  throw new TypeError("a process was started without the streams that were asked for");
}
