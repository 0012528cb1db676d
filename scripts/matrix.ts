// `npm run matrix [-- 2026.9.1 …]`: installs releases of OpenClaw beside each other, runs a short e2e on each, and writes the table of docs/compatibility.md.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRecord } from "../src/shared/isRecord.ts";
import { itemsOf, readJson } from "../src/shared/jsonParts.ts";
import { ROOT } from "../test/support/environment.ts";
import { packPlugin } from "../test/support/install.ts";
import { COLUMNS, MATRIX_FILE, type MatrixRow, writeTable } from "./support/matrixTable.ts";
import { npmCommand } from "./support/npm.mjs";

/** Releases that people still run; the newest of the registry comes with them. */
const RELEASES = ["2026.8.2", "2026.9.1", "2026.9.3", "2026.9.5", "2026.9.6"];
/** What a release says that is older than the package's `minHostVersion`. */
const REFUSED = /requires OpenClaw >=\S+, but this host is /;
const TEST = "test/e2e/hostRelease.long.test.ts";
const npm = npmCommand(process.execPath);

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
    shell: process.platform === "win32",
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  return new Promise<{ readonly code: number; readonly stdout: string }>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, stdout }));
  });
}

/** Path of its program. */
async function install(release: string): Promise<string> {
  const folder = join(ROOT, ".tmp", "releases", release);
  const program = join(folder, "node_modules", "openclaw", "openclaw.mjs");
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  const args = [
    "install",
    "--prefix",
    folder,
    `openclaw@${release}`,
    "--no-audit",
    "--no-fund",
    "--omit=dev",
  ];
  const { code, stdout } = await run(npm.command, [...npm.args, ...args]);
  if (code !== 0) throw new Error(`npm could not install openclaw@${release}: ${stdout.slice(-500)}`);
  return program;
}

/** What each test came to, by the word before its colon. */
async function tryOut(release: string): Promise<MatrixRow> {
  const program = await install(release);
  const report = join(ROOT, ".tmp", "releases", `${release}.json`);
  const { stdout } = await run(
    "vitest",
    [
      "run",
      "--project",
      "long",
      TEST,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
    ],
    { NODE_ROUTER_OPENCLAW: program },
  );
  console.log(stdout.split("\n").slice(-60).join("\n"));
  if (REFUSED.test(stdout)) return { release, results: new Map(COLUMNS.map((name) => [name, "refused"])) };
  const read = readJson(readFileSync(report, "utf8"));
  const results = itemsOf(isRecord(read) ? read.testResults : null).flatMap((file) => {
    const all = isRecord(file) ? itemsOf(file.assertionResults) : [];
    // Where the deployment does not come up, all are called skipped.
    return all.some((one) => isRecord(one) && one.status !== "skipped") ? all : [];
  });
  const told = results.flatMap((one): [string, string][] => {
    if (!isRecord(one) || typeof one.title !== "string" || typeof one.status !== "string") return [];
    return [[one.title.split(":")[0] ?? "", one.status]];
  });
  return { release, results: new Map(told) };
}

async function newest(): Promise<string> {
  const { code, stdout } = await run(npm.command, [...npm.args, "view", "openclaw", "version"]);
  if (code !== 0) throw new Error("npm does not say which release of OpenClaw is the newest");
  return stdout.trim();
}

const given = process.argv.slice(2);
const releases = given.length > 0 ? given : [...new Set([...RELEASES, await newest()])];
await packPlugin();
const rows: MatrixRow[] = [];
for (const release of releases) {
  console.log(`\n=== OpenClaw ${release}`);
  rows.push(await tryOut(release));
}
console.table(rows.map(({ release, results }) => ({ release, ...Object.fromEntries(results) })));
if (given.length === 0) {
  const file = join(ROOT, MATRIX_FILE);
  writeFileSync(file, writeTable(readFileSync(file, "utf8"), rows, process.versions.node));
  console.log(`written: ${MATRIX_FILE}`);
}
