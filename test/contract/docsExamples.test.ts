// Every example of a config in the docs is loaded as it stands there: none has an error, and its tests pass.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ConfigSchema } from "../../src/config/schema/schema.ts";
import { type CheckReport, checkPlanned } from "../../src/nodeRouter/surfaces/cli/checkCommand.ts";
import { plainJson } from "../../src/nodeRouter/surfaces/cli/configFile.ts";
import { readPlanned } from "../../src/nodeRouter/surfaces/methods/plannedConfig.ts";
import { isRecord } from "../../src/shared/isRecord.ts";
import { mergePatch } from "../../src/shared/mergePatch.ts";
import { ROOT } from "../support/environment.ts";

const read = (page: string): string => readFileSync(join(ROOT, page), "utf8");
const PAGES = [
  ...["README.md", "README.zh-CN.md", "CONTRIBUTING.md", "skills/node-router/SKILL.md"],
  ...["docs", "docs/zh-CN"].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((file) => file.endsWith(".md"))
      .map((file) => `${folder}/${file}`),
  ),
];

/** What an example leaves out: the config that docs/configuration.md begins with. */
const [WHOLE = ""] = blocksOf("docs/configuration.md");
const REST = record(parsed(WHOLE));
const OPENCLAW = openclaw(REST);
const OURS = new Set(Object.keys(ConfigSchema.properties));

const EXAMPLES = PAGES.flatMap((page) =>
  blocksOf(page).map((text) => [`${page}: ${text.trim().slice(0, 60).replaceAll("\n", " ")}`, text] as const),
);
const COMMANDS = PAGES.flatMap((page) =>
  [...read(page).matchAll(/openclaw config set (\S+) '([^']+)'( --strict-json)?/g)].map(
    ([, path = "", value = "", strict]) => [`${page}: ${path}`, path, value, strict !== undefined] as const,
  ),
);

test("there are examples of every kind", () => {
  expect(EXAMPLES.length).toBeGreaterThan(25);
  expect(COMMANDS.length).toBeGreaterThan(4);
  expect(new Set(EXAMPLES.map(([, text]) => kindOf(parsed(text))))).toEqual(
    new Set(["config", "rules", "part of a rule", "nodes", "OpenClaw's"]),
  );
});

test.each(EXAMPLES)("%s has no error, and its tests pass", (_, text) => {
  expect(faultsOf(configWith(parsed(text)))).toEqual([]);
});

test.each(COMMANDS)("%s is set to what can be read, and has no error", (_, path, value, strict) => {
  const said: unknown = strict ? JSON.parse(value) : value;
  const document = path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), said);
  // Of OpenClaw's other settings the plugin reads none.
  if (/^(plugins|agents)\./.test(path)) expect(faultsOf(mergePatch(OPENCLAW, document))).toEqual([]);
});

test.each<readonly [string, string]>([
  ["a misspelt key of a rule", '{ name: "a", agents: ["a"], requires: "region=sg" }'],
  ["a selector that cannot be read", '{ name: "a", agents: ["a"], require: "region in sg" }'],
  ["a taint without an effect", 'nodes: { "a": { taints: ["gpu"] } }'],
  ["a test that fails", '{ tests: [{ agent: "worker-sg", expect: "place:CN" }] }'],
])("%s would be found", (_, text) => {
  expect(faultsOf(configWith(parsed(text)))).not.toEqual([]);
});

/** Errors, and tests that fail. @param document openclaw.json */
function faultsOf(document: unknown): readonly unknown[] {
  const planned = readPlanned(document, {}, "openclaw");
  if (typeof planned === "string") return [planned];
  const report: CheckReport = checkPlanned(planned);
  return [
    ...report.problems.filter(({ severity }) => severity === "error"),
    ...report.tests.filter(({ passed }) => !passed),
  ];
}

/** The openclaw.json with an example in it: what it has at the top stands there alone. */
function configWith(example: unknown): unknown {
  switch (kindOf(example)) {
    case "OpenClaw's":
      return { ...OPENCLAW, ...record(example) };
    case "config":
      return openclaw({ ...REST, ...record(example) });
    case "rules":
      return openclaw({ ...REST, rules: example });
    case "part of a rule":
      return openclaw({ ...REST, rules: [{ name: "example", agents: ["example"], ...record(example) }] });
    default:
      return openclaw({ ...REST, nodes: example });
  }
}

function openclaw(config: unknown): Record<string, unknown> {
  return { plugins: { entries: { "node-router": { config } } } };
}

function kindOf(example: unknown): string {
  if (Array.isArray(example)) return "rules";
  const keys = Object.keys(record(example));
  if (keys.includes("agents")) return "OpenClaw's";
  if (keys.every((key) => OURS.has(key))) return "config";
  return keys.includes("minimum") ? "part of a rule" : "nodes";
}

/** A whole object, the inside of one, or objects of a list. */
function parsed(text: string): unknown {
  for (const whole of [text, `{ ${text} }`, `[ ${text.replaceAll("}\n{", "},\n{")} ]`]) {
    try {
      const value: unknown = JSON.parse(plainJson(whole));
      return isRecord(value) && "name" in value ? [value] : value;
    } catch {
      // Something else, then.
    }
  }
  throw new Error(`neither an object nor the inside of one: ${text}`);
}

function blocksOf(page: string): readonly string[] {
  return [...read(page).matchAll(/^```json5\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
}

function record(value: unknown): Record<string, unknown> {
  if (!isRecord(value)) throw new Error("not an object");
  return value;
}
