// node_modules as package-lock.json says; a stamp makes the second look fast.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "./lock.mjs";
import { npmCommand } from "./npm.mjs";
import { ROOT, runStep } from "./step.mjs";

const LOCKFILE = join(ROOT, "package-lock.json");
/** npm's own record of what it installed; npm writes it last. */
const INSTALLED = join(ROOT, "node_modules", ".package-lock.json");
const STAMP = join(ROOT, "node_modules", ".node-router-stamp");

/** @param {string} file */
const read = (file) => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
};

const wantedStamp = () => {
  const hash = createHash("sha256").update(readFileSync(LOCKFILE)).digest("hex");
  return `${hash} ${process.platform}-${process.arch}\n`;
};

/** True when npm's record has every locked package in its locked version, but for optional ones. */
function installedAsLocked() {
  const record = read(INSTALLED);
  if (!record) return false;
  const installed = JSON.parse(record).packages;
  const { "": _root, ...locked } = JSON.parse(readFileSync(LOCKFILE, "utf8")).packages;
  return (
    Object.keys(installed).every((path) => path in locked) &&
    Object.entries(locked).every(([path, { version, optional, devOptional, peer }]) =>
      path in installed ? installed[path].version === version : Boolean(optional || devOptional || peer),
    )
  );
}

/**
 * Installs what package-lock.json says unless it is there already.
 * @param {string} node path of the program
 * @param {NodeJS.ProcessEnv} env has the right Node first on PATH
 */
export async function ensureDependencies(node, env) {
  const stamp = wantedStamp();
  if (read(STAMP) === stamp) return;
  await withLock("install the dependencies", async () => {
    if (read(STAMP) === stamp) return;
    if (!installedAsLocked()) {
      const started = Date.now();
      console.log("node-router: installing the dependencies (npm ci; about a minute, once)");
      const npm = npmCommand(node);
      await runStep({
        step: "installing the dependencies with npm ci",
        name: "npm-ci",
        command: npm.command,
        args: [...npm.args, "ci", "--include=dev", "--no-audit", "--no-fund"],
        cwd: ROOT,
        env,
        todo: "check that npm can reach its registry and that the disk has 1 GB free, then run again",
      });
      console.log(`node-router: dependencies installed in ${Math.round((Date.now() - started) / 1000)} s`);
    }
    writeFileSync(STAMP, stamp);
  });
}
