// One step of the preparation: runs a command with its output in a log file, and explains a failure.
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Those that end a run; a terminal sends the first to the children too. */
export const SIGNALS = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

const LOGS = join(ROOT, ".tmp", "logs");

/** A failure that says which step, what was seen, what to do, and where to read more. */
export class StepError extends Error {
  /** @param {{ step: string, observed: string, todo: string, log?: string }} what */
  constructor({ step, observed, todo, log }) {
    const lines = [`node-router: ${step} failed`, `  seen:  ${observed}`, `  to do: ${todo}`];
    if (log) lines.push(`  log:   ${log}`);
    super(lines.join("\n"));
    this.name = "StepError";
  }
}

/**
 * Runs `command` without input; rejects with a StepError that quotes the end of its log.
 * @typedef {{ step: string, name: string, command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv, todo: string }} Step
 *   `name` is the log's; `step` and `todo` are the message's.
 * @param {Step} what
 */
export async function runStep({ step, name, command, args, cwd, env, todo }) {
  mkdirSync(LOGS, { recursive: true });
  const log = join(LOGS, `${name}-${process.pid}.log`);
  const out = openSync(log, "w");
  // npm is a .cmd file on Windows, which only a shell can start.
  const child = spawn(command, args, {
    cwd,
    env,
    stdio: ["ignore", out, out],
    shell: process.platform === "win32",
  });
  closeSync(out);
  // Interrupted: end what we started first, or it would go on behind the next run's back.
  const stop = (/** @type {NodeJS.Signals} */ signal) => {
    child.once("exit", () => process.exit(1));
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.once(signal, stop);
  /** @type {string | undefined} */
  const observed = await new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (code, signal) =>
      resolve(code === 0 ? undefined : `${command} ended with ${signal ?? code}`),
    );
  });
  for (const signal of SIGNALS) process.removeListener(signal, stop);
  if (observed === undefined) return;
  const lines = readFileSync(log, "utf8").split("\n");
  const errors = lines.filter((line) => /^npm (error|ERR!)\s+\S/.test(line)); // the cause comes first, help texts later
  const quote = (errors.length > 0 ? errors.slice(0, 8) : lines.slice(-8)).map((line) => `    | ${line}`);
  throw new StepError({ step, observed: [observed, ...quote].join("\n"), todo, log });
}
