// `npm run dev`: types and unit tests again after every change, in one terminal, until q or Ctrl-C.
// `npm run dev -- test/nodeRouter/placement` runs those tests at once, and again with every change that concerns them.
import { spawn } from "node:child_process";
import { ROOT, SIGNALS } from "./support/step.mjs";

/**
 * A program of node_modules/.bin: bootstrap put them on PATH.
 * @param {string} command @param {readonly string[]} args
 * @param {"inherit" | "ignore"} stdin `inherit` for the one that reads the keys
 */
function start(command, args, stdin) {
  const shell = process.platform === "win32";
  return spawn(command, args, { cwd: ROOT, stdio: [stdin, "inherit", "inherit"], shell });
}

const files = process.argv.slice(2);
// Without files nothing runs before something changes: all unit tests at once take minutes.
const tests = start(
  "vitest",
  ["watch", "--project", "unit", ...(files.length > 0 ? files : ["--standalone"])],
  "inherit",
);
const types = start("tsc", ["--noEmit", "--watch", "--preserveWatchOutput"], "ignore");

for (const child of [tests, types]) {
  child.on("error", (error) => {
    console.error(`node-router: cannot start the watch: ${error.message}`);
    process.exitCode = 1;
  });
}
for (const signal of SIGNALS) {
  process.on(signal, () => {
    for (const child of [tests, types]) child.kill(signal);
  });
}
tests.on("exit", () => types.kill());
types.on("exit", () => tests.kill());
