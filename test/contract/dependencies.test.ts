// What the build trusts: every package by its hash, every version exactly, and nothing for the host to resolve.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const json = (path: string) => JSON.parse(readFileSync(join(ROOT, path), "utf8"));

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  /** Comes inside another package's archive, whose hash covers it. */
  readonly inBundle?: boolean;
}

test("every locked package, of every platform, has the hash that npm compares", () => {
  const packages: Record<string, Locked> = json("package-lock.json").packages;
  const { "": root, ...locked } = packages;
  expect(root).toBeDefined();
  expect(Object.keys(locked).length).toBeGreaterThan(100);
  const unhashed = Object.entries(locked).filter(
    ([, { integrity, inBundle }]) => inBundle !== true && !/^sha512-/.test(integrity ?? ""),
  );
  expect(unhashed.map(([path]) => path)).toEqual([]);
});

test("the binaries of other platforms are locked too, so a build there runs no other ones", () => {
  const paths = Object.keys(json("package-lock.json").packages);
  for (const name of ["@biomejs/cli-", "@rollup/rollup-", "@esbuild/"]) {
    const platforms = paths.filter((path) => path.startsWith(`node_modules/${name}`)).join(" ");
    for (const platform of ["darwin-arm64", "win32-x64", "linux-arm64"])
      expect(platforms).toContain(platform);
  }
});

test("package.json names exact versions, and the lockfile the same ones", () => {
  const { devDependencies } = json("package.json");
  const { packages } = json("package-lock.json");
  for (const [name, version] of Object.entries(devDependencies)) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
    expect(packages[`node_modules/${name}`].version, name).toBe(version);
  }
});

test("the package asks for nothing at its installation: OpenClaw resolves peers too, and waits for a registry", () => {
  const { dependencies, peerDependencies, optionalDependencies, bundleDependencies } = json("package.json");
  expect([dependencies, peerDependencies, optionalDependencies, bundleDependencies]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test("the package says whose it is, where it comes from, by what it is found and where to report", () => {
  const { author, keywords, license, repository, homepage, bugs } = json("package.json");
  expect(readFileSync(join(ROOT, "LICENSE"), "utf8")).toMatch(
    new RegExp(`^${license} .*\\n.*${author}$`, "ms"),
  );
  expect(keywords).toEqual(expect.arrayContaining(["openclaw", "openclaw-plugin", "ssh", "data-residency"]));
  const home = "https://github.com/openclaw-node-router/openclaw-node-router";
  expect([repository.url, homepage, bugs.url]).toEqual([
    `git+${home}.git`,
    `${home}#readme`,
    `${home}/issues`,
  ]);
});
