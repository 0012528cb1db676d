// Asks the registry for known vulnerabilities of what the bundle holds: to npm these are devDependencies, so
// `npm audit --omit=dev` says "0 vulnerabilities" of nothing. Exit codes: 0 none, 1 some, 2 not audited.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vulnerabilitiesOf } from "./support/audit.ts";
import { npmCommand } from "./support/npm.mjs";
import { ROOT, runStep, StepError } from "./support/step.mjs";

const BUNDLED = join(ROOT, "dist", "bundled.json");

interface Bundled {
  readonly name: string;
  readonly version: string;
}

/** What npm prints, whatever its exit code: it is 1 where it found something. */
function npmOutput(folder: string, ...args: readonly string[]): Promise<string> {
  const npm = npmCommand(process.execPath);
  const child = spawn(npm.command, [...npm.args, ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
    shell: process.platform === "win32",
  });
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    child.on("error", reject);
    child.on("close", () => resolve(text));
  });
}

/** A package whose dependencies are just these, in just these versions, with its lockfile. */
async function lockedPackage(folder: string, bundled: readonly Bundled[]): Promise<void> {
  const dependencies = Object.fromEntries(
    // Two versions of one package are possible, two keys of one name are not.
    bundled.map(({ name, version }, index) => [`bundled-${index}`, `npm:${name}@${version}`]),
  );
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies }));
  const npm = npmCommand(process.execPath);
  await runStep({
    step: "resolving the bundled packages",
    name: "audit",
    command: npm.command,
    args: [...npm.args, "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"],
    cwd: folder,
    env: process.env,
    todo: "check that npm can reach its registry, then run again",
  });
}

async function main(): Promise<number> {
  if (!existsSync(BUNDLED)) {
    throw new StepError({
      step: "reading what is bundled",
      observed: "dist/bundled.json is missing",
      todo: 'run "npm run build" first',
    });
  }
  const bundled: readonly Bundled[] = JSON.parse(readFileSync(BUNDLED, "utf8"));
  const folder = mkdtempSync(join(tmpdir(), "node-router-audit-"));
  try {
    await lockedPackage(folder, bundled);
    const found = vulnerabilitiesOf(await npmOutput(folder, "audit", "--json"), bundled);
    for (const line of found.lines) console.log(line);
    return found.exitCode;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    console.error(error instanceof StepError ? error.message : error);
    process.exitCode = 2;
  },
);
