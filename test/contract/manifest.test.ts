// openclaw.plugin.json is what the host reads without loading us: it must say what the code does.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import manifest from "../../openclaw.plugin.json" with { type: "json" };
import packageJson from "../../package.json" with { type: "json" };
import { manifestConfig, SECRET_PATHS } from "../../src/config/pluginManifest.ts";
import { ConfigSchema } from "../../src/config/schema/schema.ts";
import { ROOT } from "../support/environment.ts";

const REWRITE = "run node scripts/writeManifest.ts";

test("the manifest's configSchema is made of the TypeBox schema", () => {
  expect(manifest.configSchema, REWRITE).toEqual(manifestConfig().configSchema);
});

test("the manifest's uiHints are those of the schema", () => {
  expect(manifest.uiHints, REWRITE).toEqual(manifestConfig().uiHints);
});

test("every place that names the oldest release of OpenClaw names the same one", () => {
  const { compat, install } = packageJson.openclaw;
  const oldest = compat.minGatewayVersion;
  expect([compat.pluginApi, install.minHostVersion]).toEqual([`>=${oldest}`, `>=${oldest}`]);
  const pages = [
    "README.md",
    "README.zh-CN.md",
    "CHANGELOG.md",
    "docs/quick-start.md",
    "docs/zh-CN/quick-start.md",
  ];
  for (const page of pages) {
    const text = readFileSync(join(ROOT, page), "utf8");
    expect(text, page).toMatch(
      new RegExp(`OpenClaw.{0,20} ${oldest.replaceAll(".", "\\.")}(（| \\(| and| or| 或)`),
    );
  }
});

test("every config key has a uiHint with a label and a help, and every uiHint names a key", () => {
  expect(Object.keys(manifest.uiHints).sort()).toEqual([...keysOf(manifest.configSchema)].sort());
  for (const [key, hint] of Object.entries(manifest.uiHints)) {
    expect(hint.label, key).not.toBe("");
    expect(hint.help, key).not.toBe("");
  }
});

test("every object in the schema refuses unknown keys", () => {
  const open = [...schemasIn(manifest.configSchema)].filter(
    (schema) => schema.type === "object" && schema.additionalProperties === undefined,
  );
  expect(open).toEqual([]);
});

test("exactly the private key and its passphrase are secrets: hidden, and resolved by the host", () => {
  const hidden = Object.entries(manifest.uiHints).filter(([, hint]) => "sensitive" in hint && hint.sensitive);
  expect(hidden.map(([key]) => key)).toEqual(SECRET_PATHS);
  expect(manifest.configContracts.secretInputs.paths).toEqual(
    SECRET_PATHS.map((path) => ({ path, expected: "string", ownerKind: "capability" })),
  );
});

test("the setup wizard, which takes every path literally, is offered no path through a map or a list", () => {
  const asked = Object.entries(manifest.uiHints).filter(([, hint]) => !hint.advanced);
  expect(asked.map(([key]) => key)).toEqual(["mode"]);
});

test("the Settings page has a section for every key at the top, once", () => {
  const grouped = manifest.configGroups.flatMap((group) => group.properties);
  expect(grouped.sort()).toEqual(Object.keys(ConfigSchema.properties).sort());
});

test("the manifest owns what the plugin registers", () => {
  expect(manifest.id).toBe("node-router");
  expect(manifest.contracts).toEqual({
    trustedToolPolicies: ["node-router"],
    agentToolResultMiddleware: ["openclaw"],
    gatewayMethodDispatch: ["authenticated-request"],
    tools: ["node_route", "node_process", "delegate", "delegation"],
  });
  expect(manifest.activation).toEqual({ onStartup: true });
  expect(manifest.cliCommands.map((command) => [command.name, command.hasSubcommands])).toEqual([
    ["node-router", true],
  ]);
});

test("the manifest and the package are one version", () => {
  expect(manifest.version).toBe(packageJson.version);
  expect(packageJson.files).toContain("openclaw.plugin.json");
});

type Json = Readonly<Record<string, unknown>>;

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Keys of the schema as uiHints spell them; a union is one value. */
function* keysOf(schema: unknown, prefix = ""): Generator<string> {
  if (!isJson(schema)) return;
  for (const [key, child] of Object.entries(isJson(schema.properties) ? schema.properties : {})) {
    yield `${prefix}${key}`;
    yield* keysOf(child, `${prefix}${key}.`);
  }
  yield* keysOf(schema.additionalProperties, `${prefix}*.`);
  yield* keysOf(schema.items, `${prefix}*.`);
}

function* schemasIn(value: unknown): Generator<Json> {
  if (Array.isArray(value)) for (const item of value) yield* schemasIn(item);
  if (!isJson(value)) return;
  yield value;
  for (const child of Object.values(value)) yield* schemasIn(child);
}
