// Starts a command in /bin/sh whose text stands in no argument list.
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { Writable } from "node:stream";
import { shellQuote } from "../../../../shared/shell.ts";
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
): Promise<StartedProcess | Error> {
  const child = begin(["-c", BOOT, "/bin/sh"], {
    cwd: start.cwd,
    // A shell takes it as the name by which the directory was entered.
    env: { ...start.env, PWD: start.cwd },
    detached: true,
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  });
  if (child instanceof Error) return child;
  const { pid } = child;
  if (pid === undefined) {
    const [error]: unknown[] = await once(child, "error");
    return error instanceof Error ? error : new Error(String(error));
  }
  const { stdin, stdout, stderr, stdio } = child;
  const [, , , text] = stdio;
  if (stdin === null || stdout === null || stderr === null || !(text instanceof Writable)) {
    throw new TypeError("a process was started without the pipes that were asked for");
  }
  for (const stream of [child, stdin, text]) stream.on("error", () => {});
  stdout.on("data", (chunk: Buffer) => events.output("out", chunk));
  stderr.on("data", (chunk: Buffer) => events.output("err", chunk));
  child.once("close", (exitCode: number | null, signal: string | null) => events.ended({ exitCode, signal }));
  start.announce(pid);
  text.end(commandText(start.script, start.args));
  return {
    processGroup: pid,
    get unwritten() {
      return stdin.writableLength;
    },
    write: (data) => void (stdin.writable && stdin.write(data)),
    endInput: () => void stdin.end(),
    flow(on) {
      for (const stream of [stdout, stderr]) on ? stream.resume() : stream.pause();
    },
    signal: (name) => void (Object.hasOwn(constants.signals, `SIG${name}`) && signalGroup(pid, `SIG${name}`)),
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
