// Runs the short scripts about one job on its node, until the node answers.
import { setTimeout as sleep } from "node:timers/promises";
import { collect } from "../transports/collect.ts";
import type { CommandRequest, RunningCommand } from "../transports/transport.ts";

/** Milliseconds until a node is asked again: the first pause, and the longest, as each is twice the one before. */
export const FIRST_PAUSE_MS = 500;
export const MAX_PAUSE_MS = 15_000;
/** For one script, in ms, with all that it waits for. */
export const SCRIPT_MS = 60_000;

export interface JobAsker {
  /** One command that is not the job's own: not in the audit, and without its settings. */
  command(request: Pick<CommandRequest, "script" | "input">): RunningCommand;
  /** Asks until the node answers, and gives what it printed. Null: nobody wants to know any more. */
  surely(script: string): Promise<string | null>;
  /** Resolves after so many ms, or when nobody wants to know any more. */
  pause(ms: number): Promise<void>;
}

/** @param gone nobody wants to know any more. */
export function createJobAsker(
  start: (request: CommandRequest) => RunningCommand,
  { approved }: Pick<CommandRequest, "approved">,
  gone: AbortSignal,
): JobAsker {
  const command: JobAsker["command"] = (request) =>
    start({ ...request, ...(approved === undefined ? {} : { approved }) });
  const pause = (ms: number): Promise<void> =>
    sleep(ms, undefined, { signal: gone, ref: false }).catch(() => {});
  return {
    command,
    pause,
    async surely(script) {
      for (let pauseMs = FIRST_PAUSE_MS; !gone.aborted; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
        const limits = { deadlineMs: SCRIPT_MS, signal: gone };
        const { outcome, stdout } = await collect(command({ script, input: Buffer.alloc(0) }), limits);
        if (outcome.kind === "ran" && outcome.exitCode === 0) return stdout.toString("utf8");
        await pause(pauseMs);
      }
      return null;
    },
  };
}
