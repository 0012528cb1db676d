// Runs a script of this project on a machine that has only Node >= 20 and npm:
//   node scripts/bootstrap.mjs <script> [arguments]
// It provides the Node that OpenClaw needs and the dependencies, then hands over.
import { spawn } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { ensureDependencies } from "./support/dependencies.mjs";
import { ROOT, StepError } from "./support/step.mjs";
import { ensureNode } from "./support/toolchain.mjs";

/** @type {readonly NodeJS.Signals[]} */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Runs the script in our place: same terminal, same signals, same exit.
 * @param {string} node path of the program
 * @param {string} script path
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
function handOver(node, script, args, env) {
  const child = spawn(node, [script, ...args], { cwd: ROOT, env, stdio: "inherit" });
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the child as well; twice would be taken for impatience.
      if (signal === "SIGINT" && process.stdin.isTTY) return;
      child.kill(signal);
    });
  }
  child.on("error", (error) => {
    console.error(`node-router: cannot start ${node}: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (!signal) process.exit(code ?? 1);
    for (const name of SIGNALS) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

async function main() {
  const [script, ...args] = process.argv.slice(2);
  if (!script) {
    console.error("usage: node scripts/bootstrap.mjs <script> [arguments]");
    process.exit(2);
  }
  const node = await ensureNode();
  const path = [dirname(node), join(ROOT, "node_modules", ".bin"), process.env.PATH ?? ""].join(delimiter);
  const env = { ...process.env, PATH: path };
  await ensureDependencies(node, env);
  handOver(node, script, args, env);
}

main().catch((error) => {
  console.error(error instanceof StepError ? error.message : error);
  process.exit(1);
});
