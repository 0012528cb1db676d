// The environment of a throw-away OpenClaw: its own home, nothing inherited that could reach the user's real one.
import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { endProcessesOf } from "./leftovers.ts";

/** The checkout: tests, demo and bench all run from it. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The real OpenClaw command line program: that of node_modules, or the release that `npm run matrix` tries. */
export const OPENCLAW =
  process.env.NODE_ROUTER_OPENCLAW || join(ROOT, "node_modules", "openclaw", "openclaw.mjs");

/** Whether that release is this one or newer, as OpenClaw counts them: `2026.9.4`. */
export function isReleaseFrom(release: string): boolean {
  const { version } = JSON.parse(readFileSync(join(dirname(OPENCLAW), "package.json"), "utf8")) as {
    version: string;
  };
  return version.localeCompare(release, "en", { numeric: true }) >= 0;
}

/** The folders of one throw-away machine. */
export interface Home {
  readonly dir: string;
  readonly home: string;
  readonly stateDir: string;
  readonly tmp: string;
  readonly configFile: string;
  /** Everything the process prints. */
  readonly logFile: string;
}

const homes = new Set<Home>();

/**
 * Makes a home; `~/whoami` holds the machine's name, so that a command can prove where it ran.
 * It lies outside the checkout: inside, a plugin would find our node_modules and hide a missing dependency.
 */
export function makeHome(whoami: string, existing?: string): Home {
  const dir = existing ?? mkdtempSync(join(tmpdir(), `node-router-${whoami}-`));
  const home = join(dir, "home");
  const stateDir = join(home, ".openclaw");
  const tmp = join(dir, "tmp");
  for (const folder of [stateDir, tmp]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(home, "whoami"), `${whoami}\n`);
  const made: Home = {
    dir,
    home,
    stateDir,
    tmp,
    configFile: join(stateDir, "openclaw.json"),
    logFile: join(dir, `${whoami}.log`),
  };
  homes.add(made);
  return made;
}

/** Makes the home and all in it another user's. */
export function giveHome(home: Home, { uid, gid }: { readonly uid: number; readonly gid: number }): void {
  const inside = readdirSync(home.dir, { recursive: true, encoding: "utf8" });
  for (const name of ["", ...inside]) chownSync(join(home.dir, name), uid, gid);
}

/** Ends whatever still runs there and removes the folder; NODE_ROUTER_KEEP=1 keeps it for a look. */
export function removeHome(home: Home): void {
  const { dir } = home;
  homes.delete(home);
  endProcessesOf(dir);
  if (!process.env.NODE_ROUTER_KEEP) rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}

/** The homes that this process has made and not removed yet; each has a log to point at. */
export const allHomes = (): Home[] => [...homes];

/** Removes every home that this process has made and not removed yet. */
export function removeAllHomes(): void {
  for (const home of allHomes()) removeHome(home);
}

/** Only these are taken from our own environment. */
const INHERITED = ["LANG", "LC_ALL", "TERM", "TZ", "USER", "LOGNAME", "SystemRoot"];

/** A plugin installation runs npm: it needs the registry, proxy and cache that this machine's npm uses. */
function npmSettings(): NodeJS.ProcessEnv {
  const names = Object.keys(process.env).filter((name) =>
    /^(npm_config_registry|(https?|no)_proxy|node_extra_ca_certs)$/i.test(name),
  );
  return {
    ...Object.fromEntries(names.map((name) => [name, process.env[name]])),
    npm_config_userconfig: process.env.npm_config_userconfig ?? join(homedir(), ".npmrc"),
    npm_config_cache: process.env.npm_config_cache ?? join(homedir(), ".npm"),
  };
}

/** Environment for a process on that machine: no look-ups outside, no update, no model key. */
export function environmentOf(home: Home, whoami: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const name of INHERITED) if (process.env[name] !== undefined) env[name] = process.env[name];
  return {
    ...env,
    ...npmSettings(),
    PATH: [dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"].join(":"),
    HOME: home.home,
    TMPDIR: home.tmp,
    SHELL: "/bin/sh",
    WHOAMI: whoami,
    OPENCLAW_STATE_DIR: home.stateDir,
    OPENCLAW_CONFIG_PATH: home.configFile,
    OPENCLAW_DISABLE_BONJOUR: "1",
    OPENCLAW_NO_AUTO_UPDATE: "1",
    OPENCLAW_NO_RESPAWN: "1",
    OPENCLAW_OFFLINE: "1",
    NO_COLOR: "1",
    OPENCLAW_PACKAGED_COMPILE_CACHE_RESPAWNED: "1", // one process each, not a launcher and its child
    // Shared by all runs: compiling OpenClaw anew in each empty home costs seconds per process.
    NODE_COMPILE_CACHE: join(ROOT, ".tmp", "compile-cache"),
    ...more,
  };
}
