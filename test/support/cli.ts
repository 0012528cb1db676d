// The openclaw command line program, run to its end.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { OPENCLAW } from "./environment.ts";
import { unpackPlugin } from "./install.ts";

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What OpenClaw itself says at the end of a command on a busy machine, whatever the command was. */
const BUSY = /^CLI cleanup timed out: .*\n/gm;

export interface CliOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly timeoutMs?: number;
  /** All of stderr so far, with each piece of it. */
  readonly onStderr?: (text: string) => void;
}

/** Runs `openclaw <args>` without a terminal and never throws for an exit code. */
export function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return runProgram([OPENCLAW, ...args], options);
}

const ROUTER_CLI = fileURLToPath(new URL("./routerCli.ts", import.meta.url));

/** The same for `openclaw node-router <args>`, without what OpenClaw does before any plugin's command. */
export async function runRouterCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return runProgram([ROUTER_CLI, await unpackPlugin(), ...args], options);
}

function runProgram(words: readonly string[], options: CliOptions): Promise<CliResult> {
  const { promise, resolve, reject } = Promise.withResolvers<CliResult>();
  const child = spawn(process.execPath, [...words], {
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
