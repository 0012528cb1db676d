// What is in the package that users install.
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
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

test("every bundled package's license is named", () => {
  const licenses = read("-xzOf", archive, "package/dist/THIRD_PARTY_LICENSES.txt");
  expect(licenses).toMatch(/^pino \d/m);
  expect(licenses).toMatch(/^@sinclair\/typebox \d/m);
});

test("installing it fetches nothing and runs nothing", () => {
  const { dependencies, scripts } = JSON.parse(read("-xzOf", archive, "package/package.json"));
  expect(dependencies).toBeUndefined();
  expect(Object.keys(scripts).filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
});
