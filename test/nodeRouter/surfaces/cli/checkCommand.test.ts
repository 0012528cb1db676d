// `check`: what is wrong with a config, without a gateway.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { CommandOptions } from "../../../../src/nodeRouter/surfaces/cli/commands.ts";
import { REFERENCE_CONFIG } from "../../../config/support.ts";
import { BOUND } from "../../../support/fakeDeps.ts";
import { MACHINE, run } from "./arrange.ts";

const folder = mkdtempSync(join(tmpdir(), "check-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ROOT = "plugins.entries.node-router.config";

/** OpenClaw's whole config with these agents. */
const whole = (config: unknown, agents: readonly string[] = ["master", "worker-cn", "worker-sg"]) => ({
  gateway: { mode: "local" },
  agents: { entries: Object.fromEntries(agents.map((agent) => [agent, {}])) },
  plugins: { entries: { "node-router": { enabled: true, config } } },
});

async function check(hostConfig: unknown, options: CommandOptions = {}) {
  const ran = await run(
    "check",
    options,
    () => {
      throw new Error("a gateway was asked");
    },
    { ...MACHINE, config: () => hostConfig },
  );
  expect(ran.asked).toEqual([]);
  return ran;
}

function fileOf(document: unknown): string {
  const file = join(folder, "some.json");
  writeFileSync(file, typeof document === "string" ? document : JSON.stringify(document));
  return file;
}

const typo = {
  ...REFERENCE_CONFIG,
  nodes: {
    ...REFERENCE_CONFIG.nodes,
    "mac-cn": { tags: ["region=cn"], location: { country: "Hongkong" } },
  },
  rules: [...REFERENCE_CONFIG.rules, { name: "home", agents: ["master"], require: "node.country=SG" }],
};

test("the config in use, when nothing is wrong: exit 0, and no gateway is asked", async () => {
  const { code, stdout } = await check(whole(REFERENCE_CONFIG));
  expect(code).toBe(0);
  expect(stdout).toContain("checked the config in use");
  // A glob that names nobody yet is none of the slips.
  expect(stdout).toContain("Nothing is wrong.");
});

test("agents of the older list are known, in use and in a file: a test of one whose workspace moves is tried so", async () => {
  const list = [{ id: "master" }, { id: "worker-cn" }, { id: "worker-sg", sandbox: BOUND }];
  const tests = [{ agent: "worker-sg", tool: "write", expect: "node:mac-sg" }];
  const { nodes, ...others } = REFERENCE_CONFIG;
  const workspace = { ...nodes["mac-sg"], workspace: "/w" };
  const config = { ...others, nodes: { ...nodes, "mac-sg": workspace }, tests };
  const older = { ...whole(config), agents: { list } };
  expect((await check(older)).stdout).toContain("1 of 1 tests pass");
  const file = await check(whole(REFERENCE_CONFIG), { file: fileOf(older) });
  expect(file.stdout).toContain("1 of 1 tests pass");
  const without = { ...whole(config), agents: { list: list.slice(0, 2) } };
  expect((await check(without)).stdout).not.toContain("1 of 1 tests pass");
});

test("a broken place: exit 1, with the full key, the fix and the agents that it refuses, and no others", async () => {
  const { code, stdout } = await check(whole(typo));
  expect(code).toBe(1);
  expect(stdout).toBe(
    [
      "checked the config in use",
      "",
      `error: ${ROOT}.nodes.mac-cn.location.country`,
      '"Hongkong" is not two capital letters (ISO 3166-1 alpha-2)',
      "fix: mend it; the agents that it concerns are refused until then.",
      "refuses: master",
      "",
      "1 error.",
    ].join("\n"),
  );
});

test("--json has the same for scripts", async () => {
  const { code, stdout } = await check(whole(typo), { json: true });
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toEqual({
    valid: false,
    took: "the config in use",
    problems: [
      {
        severity: "error",
        code: "LOCATION_INVALID",
        path: `${ROOT}.nodes.mac-cn.location.country`,
        message: '"Hongkong" is not two capital letters (ISO 3166-1 alpha-2)',
        fix: "mend it; the agents that it concerns are refused until then.",
        refuses: ["master"],
      },
    ],
    tests: [],
    notes: [],
  });
});

test("a config that would not be loaded is told as such, and a config alone says nothing of that", async () => {
  const off = whole(REFERENCE_CONFIG);
  off.plugins.entries["node-router"].enabled = false;
  const note = "node-router would not be loaded";
  expect((await check(whole({}), { file: fileOf(off) })).stdout).toContain(note);
  expect((await check(off, {})).stdout).toContain(note);
  const bare = { gateway: {}, agents: {}, plugins: { entries: {} } };
  expect((await check(whole({}), { file: fileOf(bare), as: "openclaw" })).stdout).toContain(note);
  expect((await check(undefined, { file: fileOf(REFERENCE_CONFIG) })).stdout).not.toContain(note);
  expect((await check(whole({}), { file: fileOf(REFERENCE_CONFIG) })).stdout).not.toContain(note);
});

describe("--file", () => {
  test.each([
    ["a whole openclaw.json", whole(typo), "a whole openclaw.json"],
    ["the config alone", typo, "the whole config of node-router"],
    [
      "a patch of openclaw.json",
      { plugins: { entries: { "node-router": { config: typo } } } },
      "a JSON merge patch of openclaw.json",
    ],
  ])("%s: every problem is found before it is written", async (_, document, took) => {
    const { code, stdout } = await check(whole(REFERENCE_CONFIG), { json: true, file: fileOf(document) });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ took, problems: [{ refuses: ["master"] }] });
  });

  test("on a machine without OpenClaw's config a file of ours is checked all the same", async () => {
    expect((await check(undefined, { file: fileOf(REFERENCE_CONFIG) })).code).toBe(0);
    expect((await check(undefined, { file: fileOf(typo) })).code).toBe(1);
  });

  test("a key that is misspelt at the top is found, and not taken for something of OpenClaw's", async () => {
    const { code, stdout } = await check(whole({}), { file: fileOf({ nodes: {}, rule: [] }) });
    expect(code).toBe(1);
    expect(stdout).toContain(`error: ${ROOT}.rule`);
  });

  test.each([
    ["which has nothing of ours", { rulez: [] }, "it holds neither"],
    ["which is no JSON", "{", "is neither JSON nor JSON5"],
    ["which is a list", [], "it is no JSON object"],
  ])("%s: exit 2", async (_, document, message) => {
    const { code, stderr, stdout } = await check(whole({}), { file: fileOf(document) });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
  });

  test("which is not there: exit 2", async () => {
    const { code, stderr } = await check(whole({}), { file: join(folder, "none.json") });
    expect(code).toBe(2);
    expect(stderr).toContain("ENOENT");
  });

  test("without a name, or read as nothing known: exit 2", async () => {
    expect((await check(whole({}), { file: " " })).code).toBe(2);
    expect((await check(whole({}), { file: "-", as: "yaml" })).code).toBe(2);
  });
});

test("agents that nobody has and tests that fail are found too", async () => {
  const rules = [{ name: "sg", agents: ["worker-sgg"], require: "region=sg" }];
  const tests = [{ agent: "worker-cn", expect: "refused" }];
  const { code, stdout } = await check(whole({ ...REFERENCE_CONFIG, rules, tests }), { json: true });
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    problems: [
      { severity: "error", code: "TEST_FAILED", refuses: ["worker-cn"] },
      {
        severity: "warning",
        code: "AGENT_UNKNOWN",
        path: `${ROOT}.rules[0].agents[0]`,
        fix: 'did you mean "worker-sg"?',
      },
    ],
    tests: [{ passed: false }],
  });
});

test("what follows from another problem is not told besides: no failed test, no rule without a node", async () => {
  const nodes = { "mac-cn": { tags: ["region=cn"] }, "mac-sg": { tags: ["region=s g"] } };
  const rules = [{ name: "sg", agents: ["worker-sg"], require: "region=sg" }];
  const tests = [{ agent: "worker-sg", expect: "node:mac-sg" }];
  const { stdout } = await check(whole({ nodes, rules, tests }), { json: true });
  expect(JSON.parse(stdout)).toMatchObject({
    problems: [{ code: "TAG_INVALID", refuses: ["worker-sg"] }],
    tests: [{ passed: false }],
  });
  expect(JSON.parse(stdout).problems).toHaveLength(1);
});

test("warnings alone are told, with exit 0", async () => {
  const rules = [{ name: "sg", agents: ["worker-sg"], require: "region=xx" }];
  const { code, stdout } = await check(whole({ ...REFERENCE_CONFIG, rules }));
  expect(code).toBe(0);
  expect(stdout).toContain("1 warning.");
  expect(stdout).not.toContain("refuses:");
});

describe("a file with a key twice, of which OpenClaw too reads the last alone", () => {
  const twice = (text: string) => check(whole(REFERENCE_CONFIG), { file: fileOf(text), as: "config" });

  test("is told of with the key, in JSON and in JSON5", async () => {
    for (const text of [
      `{"nodes": {"mac-sg": {"tags": ["region=sg"]}, "mac-cn": {}, "mac-sg": {"tags": ["gpu"]}}}`,
      `{ nodes: { 'mac-sg': { tags: ["region=sg"] }, "mac-cn": {}, "mac\\u002dsg": { tags: ["gpu"] } } } // mine`,
    ]) {
      const { stdout } = await twice(text);
      expect(stdout.replaceAll("\n", " ")).toContain(
        'the file has "nodes"."mac-sg" more than once: the last one counts, and what the others say is lost',
      );
    }
  });

  test("is no file with the same key in two objects, or with a text that looks like one", async () => {
    const rules = [
      { name: "a", agents: ["master", "name"] },
      { name: "b", agents: ["worker-cn"] },
    ];
    const { stdout } = await twice(
      JSON.stringify({ nodes: { a: {}, b: { env: { A: '"x":1,"x":2' } } }, rules }),
    );
    expect(stdout).not.toContain("more than once");
  });
});
