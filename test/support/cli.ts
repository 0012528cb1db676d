// The openclaw command line program, run to its end.
import { spawn } from "node:child_process";
import { OPENCLAW } from "./environment.ts";

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What OpenClaw itself says at the end of a command on a busy machine, whatever the command was. */
const BUSY = /^CLI cleanup timed out: .*\n/gm;

/** Runs `openclaw <args>` without a terminal and never throws for an exit code. */
export function runCli(
  args: readonly string[],
  options: {
    env: NodeJS.ProcessEnv;
    cwd: string;
    timeoutMs?: number;
    /** All of stderr so far, with each piece of it. */
    onStderr?: (text: string) => void;
  },
): Promise<CliResult> {
  const { promise, resolve, reject } = Promise.withResolvers<CliResult>();
  const child = spawn(process.execPath, [OPENCLAW, ...args], {
    cwd: options.cwd,
    env: options.env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: options.timeoutMs ?? 600_000,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    options.onStderr?.(stderr);
  });
  child.on("error", reject);
  child.on("close", (code, signal) => {
    if (signal) stderr += `\n(ended by ${signal})`;
    resolve({ code: code ?? 1, stdout, stderr: stderr.replace(BUSY, "") });
  });
  return promise;
}
