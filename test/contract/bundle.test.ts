// What the package costs: what is loaded at every start, what waits until it is used, and how large all of it is.
import { execFile, execFileSync } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { type BundleFile, loadedWith, ownerOf, readBundle } from "../../scripts/support/bundle.ts";
import { isLeftOut } from "../../scripts/support/leftOut.ts";
import { packPlugin } from "../support/install.ts";

/** Imports a module of the bundle, with a stand-in for the host. */
const LOAD = resolve(import.meta.dirname, "../../bench/startLoad.mjs");
const STAND_IN = pathToFileURL(resolve(import.meta.dirname, "../../bench/standInHost.mjs")).href;
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "node-router-bundle-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

execFileSync("tar", ["-xzf", await packPlugin(), "-C", folder]);
const DIST = join(folder, "package", "dist");
const everything = readBundle(join(folder, "package"));
const files = readBundle(DIST);
const code = files.filter(({ name }) => name.endsWith(".js"));
const atStart = loadedWith(files, "index.js");
const isStub = (path: string): boolean => isLeftOut(path.split("node_modules/").at(-1) ?? "");
const textOf = (name: string): string => readFileSync(join(DIST, name), "utf8");

const modulesIn = (of: readonly BundleFile[]): readonly string[] =>
  of.flatMap(({ modules }) => [...modules.keys()]);
const bytesOf = (of: readonly BundleFile[]): number => of.reduce((total, { bytes }) => total + bytes, 0);

describe("what every process with the plugin loads", () => {
  test.each([
    ["ssh2", /node_modules\/ssh2\//],
    [
      "the code that connects with it",
      /^src\/nodeRouter\/transports\/ssh\/connect\/(connect|handshake|hops)\.ts$/,
    ],
    ["what keeps tunnels", /^src\/nodeRouter\/tunnels\/(keepTunnels?|oneTunnel|channels|tunnelState)\.ts$/],
    ["prom-client", /node_modules\/prom-client\//],
    ["the reader of MMDB files", /node_modules\/mmdb-lib\//],
    ["the segmenters, which cost 10 ms", /node_modules\/string-width\/|^src\/shared\/displayWidth\.ts$/],
    ["the page", /^src\/nodeRouter\/surfaces\/web\/builtPage\.ts$/],
    ["the CLI's commands", /^src\/nodeRouter\/surfaces\/cli\/commands\.ts$/],
    ["the doctor", /^src\/nodeRouter\/surfaces\/doctor\/doctor\.ts$/],
    ["the sources of presence", /^src\/presence\/sources\/tailscale\/source\.ts$/],
  ])("is without %s, which is in the bundle all the same", (_, module) => {
    expect(modulesIn(atStart).filter((path) => module.test(path))).toEqual([]);
    expect(modulesIn(files).filter((path) => module.test(path))).not.toEqual([]);
  });

  test("has the enforcement at hand: a refusal waits for no file", () => {
    expect(modulesIn(atStart)).toEqual(
      expect.arrayContaining([
        "src/hooks/toolPolicy.ts",
        "src/hooks/nodeInvokePolicy.ts",
        "src/nodeRouter/policy/decide.ts",
        "src/config/schema/schema.ts",
      ]),
    );
  });

  test("is small", () => {
    expect(bytesOf(atStart)).toBeLessThan(625_000);
    // Every further file costs a millisecond.
    expect(atStart.length).toBeLessThan(8);
  });
});

test("the page is beside the bundle, packed, and is whole", async () => {
  const { name = "" } =
    code.find(({ modules }) => modules.has("src/nodeRouter/surfaces/web/builtPage.ts")) ?? {};
  const { page } = await import(pathToFileURL(join(DIST, name)).href);
  expect(Object.keys(page)).toEqual(["html", "css", "js"]);
  expect(page.html).toContain("<!--JS-->");
  expect(page.js.length).toBeGreaterThan(30_000);
});

test("every part that loads later is loaded by the one helper that can tell when the package is gone", () => {
  const root = resolve(import.meta.dirname, "../../src");
  const loads = globSync("**/*.ts", { cwd: root }).flatMap((path) =>
    [...readFileSync(join(root, path), "utf8").matchAll(/^(?! \*).*(?<!typeof )\bimport\("\..*/gm)].map(
      ([line]) => line,
    ),
  );
  expect(loads.length).toBeGreaterThan(8);
  expect(loads.filter((line) => !/\bloadLater\(\(\) => import\("/.test(line))).toEqual([]);
});

describe("the tables", () => {
  test("are beside the bundle as files, and no module holds one", () => {
    const tables = ["cities", "countries", "timeZoneAliases", "timeZones"].map((name) => `data/${name}.csv`);
    expect(files.map(({ name }) => name)).toEqual(expect.arrayContaining(tables));
    expect(textOf("data/countries.csv")).toContain("United Arab Emirates");
    expect(code.filter(({ name }) => textOf(name).includes("United Arab Emirates"))).toEqual([]);
  });

  test("are read by the code in the bundle when it is asked, from there", async () => {
    const { name = "" } = code.find(({ modules }) => modules.has("src/shared/countries.ts")) ?? {};
    const { stdout } = await run(process.execPath, [
      "--import",
      STAND_IN,
      "--input-type=module",
      "--eval",
      `import { validCountry } from ${JSON.stringify(pathToFileURL(join(DIST, name)).href)};
       console.log(JSON.stringify(["SG", "XX"].map(validCountry)));`,
    ]);
    expect(JSON.parse(stdout)).toEqual([true, false]);
  });
});

describe("the package", () => {
  test("unpacked is at most 1.8 MB: OpenClaw copies all of it each time that it loads the plugin", () => {
    expect(bytesOf(files)).toBeLessThan(1_680_000);
    expect(bytesOf(everything)).toBeLessThan(1_780_000);
  });

  test("is without the docs, to which its readme leads by the repository", () => {
    expect(everything.map(({ name }) => name).filter((name) => name.startsWith("docs/"))).toEqual([]);
    expect(JSON.parse(readFileSync(join(folder, "package", "package.json"), "utf8")).repository.url).toMatch(
      /^git\+https:/,
    );
  });

  test("is without our comments, and has every line break", () => {
    expect(code.filter(({ name }) => /^\s*\/\*\*/m.test(textOf(name)))).toEqual([]);
    expect(
      Math.max(
        ...textOf("index.js")
          .split("\n")
          .map(({ length }) => length),
      ),
    ).toBeLessThan(2_000);
  });

  test("holds nothing twice: a module is in one file", () => {
    const modules = modulesIn(files);
    expect(modules.filter((path, at) => modules.indexOf(path) < at)).toEqual([]);
  });

  test("has every file that another one loads", () => {
    const names = new Set(files.map(({ name }) => name));
    expect(
      files.flatMap(({ imports, later }) => [...imports, ...later]).filter((name) => !names.has(name)),
    ).toEqual([]);
    expect(files.flatMap(({ later }) => later).length).toBeGreaterThan(5);
  });

  test("has every function of ours under its name, nested ones too: a stack trace can be read", () => {
    const ours = code.flatMap(({ name }) =>
      textOf(name)
        .split(/^\/\/ (?=(?:src|node_modules)\/)/m)
        .filter((module) => module.startsWith("src/")),
    );
    const root = resolve(import.meta.dirname, "../../src");
    const source = globSync("**/*.ts", { cwd: root }).map((path) => readFileSync(join(root, path), "utf8"));
    const named = (texts: readonly string[]) =>
      texts.flatMap((text) => [...text.matchAll(/\bfunction\*? (\w+)[<(]/g)].map(([, name = ""]) => name));
    const inSource = new Set(named(source));
    const inBundle = named(ours);
    expect(inBundle).toContain("decide");
    expect(inBundle.length).toBeGreaterThan(2_500);
    // One of several with the same name has a number behind it.
    expect(inBundle.filter((name) => !inSource.has(name) && !inSource.has(name.replace(/\d+$/, "")))).toEqual(
      [],
    );
  });

  test("names in bundled.json and the licenses just the packages that it has code of", () => {
    const bundled: readonly { readonly name: string }[] = JSON.parse(textOf("bundled.json"));
    const names = bundled.map(({ name }) => name).sort();
    const packages = modulesIn(files).filter((path) => path.startsWith("node_modules/") && !isStub(path));
    // The page's script is packed data here, so what is in it is named by hand.
    expect(names).toEqual([...new Set([...packages.map(ownerOf), "preact"])].sort());
    const licenses = textOf("THIRD_PARTY_LICENSES.txt");
    expect(names.filter((name) => !licenses.includes(`${name} `))).toEqual([]);
    // Parts that were left out bring no package with them.
    for (const name of ["tweetnacl", "sonic-boom", "thread-stream", "@opentelemetry/api"])
      expect(names).not.toContain(name);
  });

  test("says so, and not that a module is missing, when its files are taken away under the running process", async () => {
    const { name = "" } = code.find(({ modules }) => modules.has("src/shared/loadLater.ts")) ?? {};
    const copy = join(folder, "copy");
    cpSync(DIST, copy, { recursive: true });
    const { loadLater } = await import(pathToFileURL(join(copy, name)).href);
    const page =
      code.find(({ modules }) => modules.has("src/nodeRouter/surfaces/web/builtPage.ts"))?.name ?? "";
    const load = () => loadLater(() => import(pathToFileURL(join(copy, page)).href));
    // The module is there, and what it reads is not: a package that is just being replaced.
    rmSync(join(copy, "data"), { recursive: true });
    await expect(load()).rejects.toThrow("ENOENT");
    rmSync(copy, { recursive: true });
    await expect(load()).rejects.toThrow(/^PACKAGE_REPLACED: .*Restart the gateway$/);
  });

  test("has no module that cannot be loaded", async () => {
    const later = [...new Set(files.flatMap((file) => file.later))];
    for (const name of later) await run(process.execPath, [LOAD, join(DIST, name)]);
  });
});
