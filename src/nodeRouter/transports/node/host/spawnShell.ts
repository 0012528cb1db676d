// Starts a command in /bin/sh whose text stands in no argument list.
import { shellQuote } from "../../../../shared/shell.ts";
import type { PipePool } from "./pipePool.ts";
import type { ProcessEvents, ProcessStart, StartedProcess } from "./startedProcess.ts";
import { COMPLETE, LET_GO, startShell } from "./waitingShell.ts";

/** The command as shell text: arguments, then the script, which is parsed only now. */
export function commandText(script: string, args: readonly string[]): string {
  return `set -- ${args.map(shellQuote).join(" ")}\neval ${shellQuote(script)}\n${COMPLETE}`;
}

/** The process, which runs the script in a process group of its own; else why the system started none. */
export async function spawnShell(
  start: ProcessStart,
  events: ProcessEvents,
  pipes: PipePool,
): Promise<StartedProcess | Error> {
  const shell = await startShell(start.cwd, start.env, pipes.take());
  if (shell instanceof Error) return shell;
  const started = shell.run(events);
  start.announce(shell.processGroup);
  shell.text.end(`${LET_GO}; ${commandText(start.script, start.args)}`);
  return started;
}
