// The skill that ships with the plugin: the host loads it, it is short, and every command, tool and line in it exists.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { Command } from "commander";
import { describe, expect, test } from "vitest";
import manifest from "../../openclaw.plugin.json" with { type: "json" };
import packageJson from "../../package.json" with { type: "json" };
import { buildCommands } from "../../src/nodeRouter/surfaces/cli/program.ts";
import { registerGatewayMethods } from "../../src/nodeRouter/surfaces/methods/register.ts";
import { DELEGATE, DELEGATION } from "../../src/nodeRouter/surfaces/tools/delegateTools.ts";
import { NODE_PROCESS } from "../../src/nodeRouter/surfaces/tools/nodeProcessTool.ts";
import { NODE_ROUTE } from "../../src/nodeRouter/surfaces/tools/nodeRouteTool.ts";
import { ROOT } from "../support/environment.ts";
import { fakeDeps } from "../support/fakeDeps.ts";

const FOLDER = join(ROOT, "skills", "node-router");
const text = readFileSync(join(FOLDER, "SKILL.md"), "utf8");

/** What stands between backticks, and each line of a block. */
const quoted = [
  ...text.matchAll(/`([^`\n]+)`/g),
  ...[...text.matchAll(/^```bash\n([\s\S]*?)^```/gm)].flatMap(([, block = ""]) => [
    ...block.matchAll(/^(.+)$/gm),
  ]),
].map(([, code = ""]) => code);

const field = (name: string): string => new RegExp(`^${name}: (.*)$`, "m").exec(text)?.[1] ?? "";

test("it is short, is named as its folder, and says in one line when it is for", () => {
  expect(text.split("\n").length).toBeLessThan(150);
  expect(field("name")).toBe(basename(FOLDER));
  expect(field("description").length).toBeGreaterThan(60);
  expect(field("description").length).toBeLessThanOrEqual(160);
  expect(packageJson.files).toContain("skills");
});

test("the host finds it by the manifest, and reads the whole of it", async () => {
  const dist = join(ROOT, "node_modules", "openclaw", "dist");
  const [file = "none"] = readdirSync(dist).filter((name) => /^plugin-skills-[\w-]{8}\.mjs$/.test(name));
  const module: object = await import(pathToFileURL(join(dist, file)).href);
  const read = Object.values(module).find(
    (value: unknown) => typeof value === "function" && value.name === "readPluginSkill",
  ) as (record: object, name: string) => Promise<unknown>;
  const record = { id: manifest.id, rootDir: ROOT, origin: "config", skills: manifest.skills };
  expect(JSON.stringify(await read(record, "node-router"))).toContain("Rules decide on which machine");
  await expect(read({ ...record, skills: [] }, "node-router")).rejects.toThrow("not found");
});

describe("every command of the plugin", async () => {
  const program = new Command();
  await buildCommands(program as never, "node-router", "d");
  const commands = program.commands[0]?.commands ?? [];
  const named = quoted.filter((code) => code.startsWith("openclaw node-router "));

  test("is named at all", () => {
    expect(named.length).toBeGreaterThan(15);
  });

  test.each(named)("%s exists, with its options and arguments", (line) => {
    const [name = "", ...words] = line.match(/"[^"]*"|\S+/g)?.slice(2) ?? [];
    const command = commands.find((one) => one.name() === name);
    expect(command?.name()).toBe(name);
    const positional: string[] = [];
    for (let at = 0; at < words.length; at++) {
      const word = words[at] ?? "";
      if (!word.startsWith("--")) positional.push(word);
      else {
        const option = command?.options.find(({ long }) => long === word);
        expect(option?.long).toBe(word);
        if (option?.required || option?.optional) at++;
      }
    }
    expect(positional.length).toBeLessThanOrEqual(command?.registeredArguments.length ?? 0);
  });
});

test("every gateway method exists, with parameters that docs/cli.md has", () => {
  const registered = new Set<string>();
  registerGatewayMethods(
    { version: "1", registerGatewayMethod: (name: string) => registered.add(name) } as never,
    fakeDeps(),
  );
  const methods = readFileSync(join(ROOT, "docs", "cli.md"), "utf8");
  const calls = quoted.filter((code) => code.startsWith("openclaw gateway call "));
  expect(calls.length).toBeGreaterThan(3);
  for (const call of calls) {
    const [, method = "", params = "{}"] =
      /^openclaw gateway call (\S+)(?: --params '([^']+)')? --json$/.exec(call) ?? [];
    expect([...registered]).toContain(method);
    const [row = ""] = new RegExp(`^- (?:\`[\\w.]+\`, )*\`${method}\`.*$`, "m").exec(methods) ?? [];
    expect(row).not.toBe("");
    for (const key of Object.keys(JSON.parse(params))) expect(row).toContain(`\`${key}\``);
  }
});

test("every call of a tool is one that its parameters allow", () => {
  const tools = [NODE_ROUTE, NODE_PROCESS, DELEGATE, DELEGATION];
  for (const { name } of tools) expect(text).toContain(`\`${name}\``);
  const actions: readonly string[] = [NODE_PROCESS, DELEGATION].flatMap(
    ({ parameters }) => parameters.properties.action.enum,
  );
  const keys = tools.flatMap(({ parameters }) => Object.keys(parameters.properties));
  const params = quoted.filter((code) => code.startsWith("{")).map((code) => JSON.parse(code));
  expect(params.length).toBeGreaterThan(4);
  for (const given of params) {
    expect(keys).toEqual(expect.arrayContaining(Object.keys(given)));
    if (given.action !== undefined) expect(actions).toContain(given.action);
  }
});

test("every line that it explains is one that the plugin writes", () => {
  const source = readFileSync(join(ROOT, "src", "hooks", "resultLine.ts"), "utf8");
  const lines = quoted.filter((code) => / on (mac-sg )?…/.test(code));
  expect(lines.length).toBe(5);
  for (const line of lines) {
    const [, verb = "none"] = /^(?:\[node-router\] )?(.*? on) /.exec(line) ?? [];
    expect(source).toContain(`"${verb}"`);
  }
});
