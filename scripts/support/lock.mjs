// Lets one run at a time change the checkout: a directory is the lock, because making one is atomic.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, StepError } from "./step.mjs";

const FOLDER = join(ROOT, ".toolchain", "lock");
const OWNER = join(FOLDER, "pid");
const PATIENCE_MS = 15 * 60_000;
/** A lock without an owner is a run that died between two calls. */
const OWNERLESS_MS = 10_000;

function take() {
  try {
    mkdirSync(FOLDER);
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
  writeFileSync(OWNER, String(process.pid));
  return true;
}

/**
 * @param {unknown} error
 * @returns {unknown} Node's code of it
 */
function codeOf(error) {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function ownerIsGone() {
  try {
    process.kill(Number(readFileSync(OWNER, "utf8")), 0);
    return false;
  } catch (error) {
    if (codeOf(error) === "ESRCH") return true;
    if (codeOf(error) !== "ENOENT") return false;
    return Date.now() - (statSync(FOLDER, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > OWNERLESS_MS;
  }
}

/**
 * Runs `work` while no other run of this checkout does; waits for its turn and clears a dead owner's lock.
 * @template Result
 * @param {string} what for the message of who waits
 * @param {() => Promise<Result>} work
 */
export async function withLock(what, work) {
  mkdirSync(join(ROOT, ".toolchain"), { recursive: true });
  const deadline = Date.now() + PATIENCE_MS;
  for (let waited = false; !take(); waited = true) {
    if (!waited) console.log(`node-router: another run is preparing this checkout, waiting to ${what}`);
    if (ownerIsGone()) rmSync(FOLDER, { recursive: true, force: true });
    if (Date.now() > deadline) {
      throw new StepError({
        step: `waiting to ${what}`,
        observed: `${FOLDER} is held for more than ${PATIENCE_MS / 60_000} minutes`,
        todo: "end the other run, or remove that folder if there is none",
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  try {
    return await work();
  } finally {
    rmSync(FOLDER, { recursive: true, force: true });
  }
}
