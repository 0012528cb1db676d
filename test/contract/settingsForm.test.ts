// The Control UI makes its form of the manifest's schema; what it cannot make one of, it leaves to "Raw mode".
// Asks the UI's own code, as it is in the real package.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import manifest from "../../openclaw.plugin.json" with { type: "json" };
import { ConfigSchema } from "../../src/config/schema/schema.ts";

const ASSETS = resolve(import.meta.dirname, "../../node_modules/openclaw/dist/control-ui/assets");

interface Analysis {
  readonly unsupportedPaths: readonly string[];
}

/** The function that reads a schema for the form. Its names are the bundler's, so it is found by what it does. */
async function analyzer(): Promise<(schema: unknown) => Analysis> {
  const file = readdirSync(ASSETS).find(
    (name) =>
      /^config-form-.*\.js$/.test(name) && readFileSync(join(ASSETS, name), "utf8").includes("`maxItems`"),
  );
  if (file === undefined) throw new Error("the Control UI has no file that reads schemas for its form");
  const exported: Record<string, unknown> = await import(join(ASSETS, file));
  const functions = Object.values(exported).filter((value) => typeof value === "function");
  // The keywords that it knows are filled in by a function of their own; the others of that kind need a browser.
  for (const fill of functions) if (String(fill).includes("`multipleOf`")) fill();
  const analyze = functions.find((one) => String(one).includes("unsupportedPaths:[`<root>`]"));
  if (analyze === undefined)
    throw new Error(`${file} exports nothing that finds unsupported parts of a schema`);
  return (schema) => analyze(schema);
}

test("the form can show every key of the config", async () => {
  const analyze = await analyzer();
  expect(analyze(manifest.configSchema).unsupportedPaths).toEqual([]);
});

test("which is not so of the schema that the plugin itself checks by: the UI's code does tell them apart", async () => {
  const analyze = await analyzer();
  const { unsupportedPaths } = analyze(JSON.parse(JSON.stringify(ConfigSchema)));
  expect(unsupportedPaths).toEqual(
    expect.arrayContaining(["nodes", "nodes.*.env", "peers", "rules.*.onUnavailable"]),
  );
});

test("what people fill in first stands first", () => {
  const order = (prefix: string, keys: readonly string[]) =>
    Object.entries(manifest.uiHints)
      .filter(([path]) => path.startsWith(prefix) && keys.includes(path.slice(prefix.length)))
      .sort(([, one], [, other]) => one.order - other.order)
      .map(([path]) => path.slice(prefix.length));
  const node = ["tags", "location", "workspace", "node", "ssh", "taints", "loginShell"];
  expect(order("nodes.*.", node.toReversed())).toEqual(node);
  const rule = ["name", "agents", "tools", "require", "prefer", "near", "onUnavailable", "files"];
  expect(order("rules.*.", rule.toReversed())).toEqual(rule);
  expect(order("nodes.*.location.", ["latitude", "region", "city", "country"])).toEqual([
    "country",
    "city",
    "region",
    "latitude",
  ]);
});
