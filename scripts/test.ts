// All checks but the long ones, cheapest first; stops at the first that fails. With arguments: only vitest, with these arguments.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { packPlugin } from "../test/support/install.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const seconds = (since: number): string => `${Math.round((Date.now() - since) / 1000)} s`;

/** Runs a program of node_modules/.bin (bootstrap put it on PATH); resolves with its exit code. */
function run(command: string, ...args: readonly string[]): Promise<number> {
  const child = spawn(command, args, { cwd: ROOT, stdio: "inherit", shell: process.platform === "win32" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => (signal === "SIGINT" && process.stdin.isTTY ? undefined : child.kill(signal)));
  }
  return new Promise((resolve) => {
    child.on("error", (error) => {
      console.error(`node-router: cannot run ${command}: ${error.message}`);
      resolve(1);
    });
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

async function pack(): Promise<number> {
  try {
    console.log(await packPlugin());
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}

type Step = readonly [title: string, check: () => Promise<number>];

const ALL: readonly Step[] = [
  ["format and lint", () => run("biome", "check", ".")],
  ["types", () => run("tsc", "--noEmit")],
  ["types of the page", () => run("tsc", "--noEmit", "-p", "src/nodeRouter/surfaces/web/page")],
  ["unit tests", () => run("vitest", "run", "--project", "unit")],
  ["build and pack", pack],
  ["end-to-end tests on a real gateway", () => run("vitest", "run", "--project", "e2e")],
];

/** What takes long, and is run before a release and where it is touched. */
const LONG = ".long.test.ts";

const extra = process.argv.slice(2);
const chosen: Step = [`vitest ${extra.join(" ")}`, () => run("vitest", "run", ...extra)];
// Two files that begin at the same time would else both build, into one folder.
const isReal = extra.includes("e2e") || extra.includes("long");
const before: readonly Step[] = isReal ? [["build and pack", pack]] : [];
const steps: readonly Step[] = extra.length > 0 ? [...before, chosen] : ALL;

const started = Date.now();
for (const [title, check] of steps) {
  console.log(`\n=== ${title}`);
  const since = Date.now();
  const code = await check();
  console.log(`=== ${title}: ${code === 0 ? "passed" : "FAILED"} in ${seconds(since)}`);
  if (code !== 0) process.exit(code);
}
const what = extra.length > 0 ? "chosen tests" : "all checks";
console.log(`\nnode-router: ${what} passed in ${seconds(started)}`);
if (extra.length === 0) {
  const left = readdirSync(new URL("../test/e2e/", import.meta.url)).filter((name) => name.endsWith(LONG));
  const names = left.map((name) => name.slice(0, -LONG.length)).join(", ");
  console.log(`node-router: left to \`npm run test:long\`: ${names}`);
}
