// What is in the package that users install, and that installing it needs nothing else.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, posix } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runCli } from "../support/cli.ts";
import { environmentOf, makeHome, ROOT, removeHome } from "../support/environment.ts";
import { packPlugin } from "../support/install.ts";

const archive = await packPlugin();
const read = (...args: string[]): string => execFileSync("tar", args, { encoding: "utf8" });

test("the package holds the bundle, its manifest and the licenses of what is bundled, and no sources or tests", () => {
  const files = read("-tzf", archive).split("\n").filter(Boolean);
  expect(files).toEqual(
    expect.arrayContaining([
      "package/dist/index.js",
      "package/dist/THIRD_PARTY_LICENSES.txt",
      "package/openclaw.plugin.json",
      "package/LICENSE",
      "package/README.md",
    ]),
  );
  expect(files.filter((name) => /^package\/(src|test|bench|scripts|node_modules)\//.test(name))).toEqual([]);
});

test("every file that a page in the package leads to by its path is in the package or in the repository that it names", () => {
  const files = new Set(read("-tzf", archive).split("\n"));
  const pages = [...files].filter((file) => file.endsWith(".md"));
  expect(pages).toEqual(expect.arrayContaining(["package/README.md"]));
  const { repository } = JSON.parse(read("-xzOf", archive, "package/package.json"));
  expect(repository.url).toMatch(/^git\+https:/);
  const missing = pages.flatMap((page) =>
    [...read("-xzOf", archive, page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map(([, link = ""]) => link)
      .filter((link) => !/^[a-z]+:/.test(link))
      .map((link) => posix.join(posix.dirname(page), link))
      .filter((file) => !files.has(file) && !existsSync(join(ROOT, posix.relative("package", file))))
      .map((file) => `${page} -> ${file}`),
  );
  expect(missing).toEqual([]);
});

test("every bundled package's license is named", () => {
  const licenses = read("-xzOf", archive, "package/dist/THIRD_PARTY_LICENSES.txt");
  expect(licenses).toMatch(/^pino \d/m);
  expect(licenses).toMatch(/^@sinclair\/typebox \d/m);
});

test("the list of what is bundled has a name, a version and a license for each, for those who audit it", () => {
  const bundled: Record<string, string>[] = JSON.parse(read("-xzOf", archive, "package/dist/bundled.json"));
  expect(bundled.map(({ name }) => name)).toEqual(expect.arrayContaining(["pino", "ssh2"]));
  for (const { version, license } of bundled) {
    expect(version).toMatch(/^\d+\.\d+\.\d+/);
    expect(license).toMatch(/\w/);
  }
});

test("installing it fetches nothing and runs nothing", () => {
  const { dependencies, scripts } = JSON.parse(read("-xzOf", archive, "package/package.json"));
  expect(dependencies).toBeUndefined();
  expect(Object.keys(scripts).filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
});

test("OpenClaw installs it on a machine that reaches no registry, and asks none", async () => {
  const asked: string[] = [];
  const registry = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
  const home = makeHome("offline");
  onTestFinished(() => {
    registry.close();
    removeHome(home);
  });
  const cache = join(home.dir, "npm-cache");
  mkdirSync(cache);
  const env = environmentOf(home, "offline", {
    npm_config_registry: `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`,
    npm_config_cache: cache,
  });
  const done = await runCli(
    ["plugins", "install", `npm-pack:${archive}`, "--force", "--accept-capabilities"],
    { env, cwd: home.home },
  );
  expect(done.stderr + done.stdout).toContain("Installed plugin: node-router");
  expect(done.code).toBe(0);
  expect(asked).toEqual([]);
  const installed = readdirSync(home.stateDir, { recursive: true }).map(String);
  expect(installed.some((path) => path.endsWith("openclaw-node-router/dist/index.js"))).toBe(true);
});
