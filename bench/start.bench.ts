// What the plugin costs before it does anything: the import of its modules, and the size of its package.
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type BundleFile, loadedWith, ownerOf, readBundle } from "../scripts/support/bundle.ts";
import { packPlugin } from "../test/support/install.ts";
import { summary } from "./summary.ts";

export interface StartRow {
  /** `index.js`, which every process with the plugin loads; others when they are needed. */
  readonly module: string;
  readonly processes: number;
  readonly cpuMinMs: number;
  readonly cpuP50Ms: number;
  readonly rssMinMb: number;
  readonly rssP50Mb: number;
}

export interface SizeRow {
  readonly file: string;
  readonly kB: number;
  readonly loaded: "at start" | "when needed" | "never";
  /** The largest parts of it, with their kB. */
  readonly holds: string;
}

export interface Sizes {
  readonly rows: readonly SizeRow[];
  readonly packedKb: number;
  readonly unpackedKb: number;
  /** Of the bundle, docs and manifest aside. */
  readonly distKb: number;
  readonly startKb: number;
}

const ENTRY = "index.js";

/** Builds and packs the plugin, and measures what is in the package. */
export async function benchStart(processes: number): Promise<{ start: readonly StartRow[]; sizes: Sizes }> {
  const archive = await packPlugin();
  const folder = mkdtempSync(join(tmpdir(), "node-router-start-"));
  try {
    execFileSync("tar", ["-xzf", archive, "-C", folder]);
    const dist = join(folder, "package", "dist");
    const files = readBundle(dist);
    return {
      start: await measureStart(dist, modulesToMeasure(files), processes),
      sizes: sizesOf(files, archive, join(folder, "package")),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The plugin itself, and what its commands and its first SSH connection load. */
function modulesToMeasure(files: readonly BundleFile[]): readonly string[] {
  const lazy = ["program-", "connect-", "builtPage-", "metrics-", "openPresence-", "doctor-"];
  return [
    ENTRY,
    ...files.map(({ name }) => name).filter((name) => lazy.some((start) => name.startsWith(start))),
  ];
}

/** In turn, so that a busy moment of the machine falls on all of them. */
async function measureStart(
  dist: string,
  modules: readonly string[],
  processes: number,
): Promise<StartRow[]> {
  const script = join(import.meta.dirname, "startLoad.mjs");
  const { NODE_OPTIONS: _, ...env } = process.env;
  const taken = new Map(modules.map((module) => [module, { cpu: [] as number[], rss: [] as number[] }]));
  for (let run = 0; run < processes; run += 1) {
    for (const [module, { cpu, rss }] of taken) {
      const { stdout } = await promisify(execFile)(process.execPath, [script, join(dist, module)], { env });
      const { cpuMs, rssMb }: { cpuMs: number; rssMb: number } = JSON.parse(stdout);
      cpu.push(cpuMs);
      rss.push(rssMb);
    }
  }
  return [...taken].map(([module, { cpu, rss }]) => ({
    module: module.replace(/-[A-Z0-9]{8}\.js$/, ".js"),
    processes,
    cpuMinMs: summary(cpu).minMs,
    cpuP50Ms: summary(cpu).p50Ms,
    rssMinMb: summary(rss).minMs,
    rssP50Mb: summary(rss).p50Ms,
  }));
}

function sizesOf(files: readonly BundleFile[], archive: string, folder: string): Sizes {
  const atStart = new Set(loadedWith(files, ENTRY).map(({ name }) => name));
  const sum = (of: readonly { readonly bytes: number }[]) =>
    of.reduce((total, { bytes }) => total + bytes, 0) / 1e3;
  const rows = files
    .map(({ name, bytes, modules }) => ({
      file: name,
      kB: bytes / 1e3,
      loaded: loadedWhen(name, atStart),
      holds: largest(modules),
    }))
    .sort((a, b) => b.kB - a.kB);
  return {
    rows,
    packedKb: sum([{ bytes: statSync(archive).size }]),
    unpackedKb: sum(readBundle(folder)),
    distKb: sum(files),
    startKb: sum(files.filter(({ name }) => atStart.has(name))),
  };
}

function loadedWhen(name: string, atStart: ReadonlySet<string>): SizeRow["loaded"] {
  if (atStart.has(name)) return "at start";
  return /\.(js|csv)$/.test(name) ? "when needed" : "never";
}

function largest(modules: ReadonlyMap<string, number>): string {
  const owners = new Map<string, number>();
  for (const [module, bytes] of modules) {
    owners.set(ownerOf(module), (owners.get(ownerOf(module)) ?? 0) + bytes);
  }
  return [...owners]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([owner, bytes]) => `${owner} ${Math.round(bytes / 1e3)}`)
    .join(", ");
}
