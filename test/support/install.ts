// Builds the plugin's package once and installs it into a gateway as a user would.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { CliResult } from "./cli.ts";
import type { JsonObject } from "./config.ts";
import { ROOT } from "./environment.ts";
import type { Gateway } from "./gatewayTypes.ts";

/** Everything the package is made of: the same content gives the same archive. */
const SOURCES = [
  "src",
  "package.json",
  "package-lock.json",
  "tsup.config.ts",
  "scripts/support",
  "tsconfig.json",
  "openclaw.plugin.json",
  "skills",
  "assets",
  "README.md",
  "README.zh-CN.md",
  "CHANGELOG.md",
];

function filesBelow(path: string): string[] {
  if (!existsSync(path)) return [];
  const entries = readdirSync(path, { withFileTypes: true, recursive: true }).filter((entry) =>
    entry.isFile(),
  );
  return entries.map((entry) => join(entry.parentPath, entry.name)).sort();
}

function fingerprint(): string {
  const hash = createHash("sha256");
  for (const source of SOURCES) {
    const path = join(ROOT, source);
    for (const file of existsSync(path) && statSync(path).isDirectory() ? filesBelow(path) : [path]) {
      if (existsSync(file)) hash.update(file.slice(ROOT.length)).update(readFileSync(file));
    }
  }
  return hash.digest("hex").slice(0, 16);
}

/** Builds and packs the plugin into .tmp; the archive is reused until a source file changes. */
export async function packPlugin(): Promise<string> {
  const folder = join(ROOT, ".tmp", "pack");
  mkdirSync(folder, { recursive: true });
  const archive = join(folder, `openclaw-node-router-${fingerprint()}.tgz`);
  if (existsSync(archive)) return archive;
  const fresh = mkdtempSync(join(folder, "new-"));
  try {
    // npm runs `prepack`, that is the build. Its arguments are ours, so a shell is harmless (npm is a .cmd on Windows).
    const shell = process.platform === "win32";
    await promisify(execFile)("npm", ["pack", "--silent", "--pack-destination", fresh], { cwd: ROOT, shell });
    const made = readdirSync(fresh).find((name) => name.endsWith(".tgz"));
    if (!made) throw new Error(`npm pack made no archive in ${fresh}`);
    renameSync(join(fresh, made), archive); // atomic: a second run sees all of it or nothing
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`npm pack failed in ${ROOT}: run \`npm run build\` to see why\n${stdout}${stderr}`, {
      cause: error,
    });
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return archive;
}

/** The piece of an OpenClaw configuration that loads the plugin from such a folder. */
export const loaded = (folder: string): JsonObject => ({
  plugins: { load: { paths: [folder] }, entries: { "node-router": { enabled: true } } },
});

let unpacked: Promise<string> | undefined;

/**
 * The package's folder, as an installation unpacks it: for `plugins.load.paths`. An installation costs 8 to 25 s of
 * processor time for each gateway and node; tests that are not about it do without.
 */
export function unpackPlugin(): Promise<string> {
  unpacked ??= packPlugin().then(async (archive) => {
    const folder = archive.replace(/\.tgz$/, "");
    if (!existsSync(folder)) {
      const fresh = mkdtempSync(join(ROOT, ".tmp", "pack", "new-"));
      chmodSync(fresh, 0o755); // node hosts may run as another user
      await promisify(execFile)("tar", ["-xzf", archive, "-C", fresh]);
      try {
        renameSync(fresh, folder);
      } catch (error) {
        rmSync(fresh, { recursive: true, force: true });
        if (!existsSync(folder)) throw error; // another process was first
      }
    }
    return join(folder, "package");
  });
  return unpacked;
}

/** Installs the archive with the host's own command and throws with its output when the host refuses. */
export async function installPlugin(gateway: Pick<Gateway, "cli">, archive: string): Promise<CliResult> {
  const done = await gateway.cli(
    "plugins",
    "install",
    `npm-pack:${archive}`,
    "--force",
    "--accept-capabilities",
  );
  if (done.code !== 0)
    throw new Error(`openclaw plugins install failed (exit ${done.code})\n${done.stdout}${done.stderr}`);
  return done;
}
