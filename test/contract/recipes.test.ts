// Every config of docs/recipes.md is loaded as it stands there, and what the page promises of it is what happens.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { PLUGIN_CONFIG } from "../../src/config/currentConfig.ts";
import { createAfterToolCall } from "../../src/hooks/afterToolCall.ts";
import { createToolPolicy } from "../../src/hooks/toolPolicy.ts";
import { testCurrentConfig } from "../../src/nodeRouter/current/testedConfig.ts";
import { LAST_NODES } from "../../src/nodeRouter/state/lastNodes.ts";
import { plainJson } from "../../src/nodeRouter/surfaces/cli/configFile.ts";
import { cordon, uncordon } from "../../src/nodeRouter/surfaces/methods/cordonMethods.ts";
import { createMethods } from "../../src/nodeRouter/surfaces/methods/methods.ts";
import { planDocument, tryTests } from "../../src/nodeRouter/surfaces/methods/planMethods.ts";
import { PRESENCE } from "../../src/presence/presence.ts";
import type { NodePresence } from "../../src/presence/record.ts";
import { contextOf, execEvent, fakeDeps, hostEntry, START_MS } from "../support/fakeDeps.ts";
import { fact, fakePresence, makePlace, makePresence } from "../support/makePresence.ts";

const PAGE = readFileSync(join(resolve(import.meta.dirname, "../.."), "docs/recipes.md"), "utf8");

interface Recipe {
  readonly nodes: Readonly<Record<string, object>>;
  readonly untoleratedAgents?: string;
  readonly rules: readonly { readonly residency?: { readonly allow: readonly string[] } }[];
  readonly tests: readonly { readonly agent: string }[];
}

/** The config below each heading. */
const RECIPES: ReadonlyMap<string, Recipe> = new Map(
  PAGE.split("\n## ")
    .slice(1)
    .filter((part) => !part.startsWith("Related\n"))
    .map((part) => {
      const blocks = [...part.matchAll(/^```json5\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
      expect(blocks).toHaveLength(1);
      return [part.split("\n")[0] ?? "", JSON.parse(plainJson(blocks[0] ?? ""))];
    }),
);

function recipe(title: string): Recipe {
  const found = RECIPES.get(title);
  if (found === undefined) throw new Error(`docs/recipes.md has no recipe "${title}"`);
  return found;
}

const idOf = (at: number): string => (0x10 + at).toString(16).repeat(32);

/** A gateway with the recipe in force and all of its nodes up, and one machine that the operator never named. */
function inForce(config: Recipe) {
  const entries = Object.fromEntries([...config.tests, { agent: "master" }].map(({ agent }) => [agent, {}]));
  const hostConfig = {
    agents: { entries },
    gateway: { mode: "local" },
    plugins: { entries: { "node-router": { config } } },
  };
  const deps = fakeDeps({ config, hostConfig });
  const names = [...Object.keys(config.nodes), "stranger"];
  deps.nodes = { nodes: names.map((name, at) => hostEntry(name, idOf(at))) };
  testCurrentConfig(deps);
  const methods = createMethods(deps, "1", async () => {});
  const explain = async (agent: string, more: object = {}) => methods.explain({ agent, ...more });
  return {
    deps,
    explain,
    /** The node, or the words of the refusal. */
    where: async (agent: string, more: object = {}) => {
      const { node, message } = await explain(agent, more);
      return node ?? message;
    },
    /** What the host is told of a call in which the model names a node. */
    naming: async (agent: string, node: string, tool = "exec") =>
      (await createToolPolicy(deps)(
        execEvent(deps, { command: "id", host: "node", node }, { toolName: tool }),
        contextOf(agent),
      )) ?? null,
    idOf: (node: string) => idOf(names.indexOf(node)),
    observe: (...records: readonly NodePresence[]) => {
      const known = new Map(records.map((record) => [record.node, record]));
      deps.memory.part(PRESENCE).current = fakePresence(() => known);
    },
    problems: () =>
      deps.memory.part(PLUGIN_CONFIG).current?.problems.map(({ path, message }) => [path, message]),
  };
}

const isBlocked = (why: RegExp) => ({ block: true, blockReason: expect.stringMatching(why) });

describe("every recipe", () => {
  test.each([...RECIPES])(
    "%s: is a config without an error or a warning, and all of its tests pass",
    async (_, config) => {
      const { deps, problems } = inForce(config);
      expect(problems()).toEqual([]);
      const { tests } = await tryTests(deps);
      expect(tests.length).toBeGreaterThan(1);
      expect(tests.filter(({ passed }) => !passed)).toEqual([]);
    },
  );

  test.each([...RECIPES])("%s: changes nothing against itself, whichever node is down", async (_, config) => {
    const report = await planDocument(inForce(config).deps, { document: config, oneByOne: true });
    expect(report).toMatchObject({ valid: true, changes: [], took: "the whole config of node-router" });
  });
});

/** The recipe with its first rule changed; undefined takes a key away. */
const firstRule = (changes: object) => (config: Recipe) => ({
  ...config,
  rules: config.rules.map((rule, at) => (at === 0 ? { ...rule, ...changes } : rule)),
});
const node = (name: string, changes: object) => (config: Recipe) => ({
  ...config,
  nodes: { ...config.nodes, [name]: { ...config.nodes[name], ...changes } },
});

/** Without the key that makes it the promise is broken, and the recipe's own tests close its agents. */
test.each<readonly [title: string, without: string, change: (config: Recipe) => Recipe]>([
  ["EU data stays in the EU", "residency", firstRule({ residency: undefined })],
  ["EU data stays in the EU", "files", firstRule({ files: undefined })],
  ["A GPU box for one agent", "the taint", node("gpu-1", { taints: undefined })],
  ["A GPU box for one agent", "what is tolerated", firstRule({ tolerate: undefined })],
  ["A laptop at night only", "what is preferred", firstRule({ prefer: undefined })],
  ["A maintenance window", "what is required", firstRule({ require: undefined })],
  ["A canary node", "the taint", node("testbed", { taints: undefined })],
  ["A canary node", "what is preferred", firstRule({ prefer: undefined })],
  ["A canary node", "what is tolerated", firstRule({ tolerate: undefined })],
  ["Two nodes, one primary", "what is preferred", firstRule({ prefer: undefined })],
  ["Two nodes, one primary", "what is required", firstRule({ require: undefined })],
  ["One node first, another one with other words", "its next rule", firstRule({ onUnavailable: undefined })],
  ["Nothing of an agent on the gateway", "files", firstRule({ files: undefined })],
  ["Nothing of an agent on the gateway", "the refusal", firstRule({ onUnavailable: "gateway" })],
  ["Browser on the desktop, commands on a server", "the narrow rule", firstRule({ agents: ["nobody"] })],
  ["A machine that is paired later gets nothing by itself", "its one node", node("box-1", { tags: [] })],
])("%s: without %s its agents are refused with the name of the test", async (title, _, change) => {
  const { deps } = inForce(change(recipe(title)));
  const errors = deps.memory
    .part(PLUGIN_CONFIG)
    .current?.problems.filter(({ severity }) => severity === "error");
  expect(new Set(errors?.map(({ code }) => code))).toEqual(new Set(["TEST_FAILED"]));
});

describe("EU data stays in the EU", () => {
  const EU = recipe("EU data stays in the EU");

  test("names the 27 countries, and no neighbour", () => {
    const { allow } = EU.rules[0]?.residency ?? { allow: [] };
    expect(new Set(allow).size).toBe(27);
    expect(allow.filter((code) => ["NO", "CH", "GB", "IS", "LI", "UA", "TR", "RS"].includes(code))).toEqual(
      [],
    );
  });

  test("refuses with both EU nodes down, and counts why each other one is none; an agent of another rule goes there", async () => {
    const { where } = inForce(EU);
    const down = ["fra-1", "par-1"];
    expect(await where("eu-clerk", { down })).toMatch(
      /^NO_NODE_FITS: 0\/4 nodes fit rule "eu" for exec: 2 were offline, 1 was of unknown place .*, 1 was outside the residency \(US, declared\)\./,
    );
    expect(await where("clerk", { down })).toBe("nyc-1");
  });

  test("goes to the other EU node when the first one's address looks like another country", async () => {
    const { where, observe } = inForce(EU);
    const seen = (country: string, city: string) => ({
      by: "endpoint" as const,
      place: makePlace({ country, city }),
      atMs: START_MS,
      stale: false,
    });
    observe(makePresence({ node: "fra-1", witnesses: [seen("DE", "Berlin")] }));
    expect(await where("eu-clerk")).toBe("fra-1");
    observe(makePresence({ node: "fra-1", witnesses: [seen("US", "Ashburn")] }));
    expect(await where("eu-clerk")).toBe("par-1");
  });

  test.each(["nyc-1", "stranger"])(
    "takes no command to the model's own %s, and refuses it to a node tool",
    async (name) => {
      const { naming, idOf: id } = inForce(EU);
      const params = expect.objectContaining({ node: id("fra-1") });
      expect(await naming("eu-clerk", name)).toEqual({ params });
      expect(await naming("eu-clerk", name, "file_fetch")).toEqual(isBlocked(/^NODE_NOT_ALLOWED: /));
      expect(await naming("eu-clerk", "par-1", "file_fetch")).toMatchObject({
        params: { node: id("par-1") },
      });
    },
  );
});

describe("A GPU box for one agent", () => {
  const GPU = recipe("A GPU box for one agent");

  test("takes no call of another agent that names it, with or without a rule, and takes the trainer's", async () => {
    const { naming, idOf: id } = inForce(GPU);
    expect(await naming("clerk", "gpu-1")).toMatchObject({ params: { node: id("box-1") } });
    expect(await naming("clerk", "gpu-1", "file_fetch")).toEqual(isBlocked(/^NODE_NOT_ALLOWED: /));
    expect(await naming("master", "gpu-1")).toEqual(isBlocked(/gpu:NoSchedule/));
    expect(await naming("master", "box-1")).toBeNull();
    expect(await naming("trainer", "gpu-1")).toMatchObject({ params: { node: id("gpu-1") } });
  });

  test("takes a call without a rule where untoleratedAgents is left out", async () => {
    expect(await inForce({ ...GPU, untoleratedAgents: "leave" }).naming("master", "gpu-1")).toBeNull();
  });
});

describe("A laptop at night only", () => {
  test("builds are on the other node until the cordon ends by itself, and on the laptop from then on", async () => {
    const { deps, where } = inForce(recipe("A laptop at night only"));
    expect(await where("builder")).toBe("laptop");
    await cordon(deps, { node: "laptop", reason: "day", for: "15h" }, "cli");
    expect(await where("builder")).toBe("attic");
    expect(await where("builder", { at: "14h" })).toBe("attic");
    expect(await where("builder", { at: "15h" })).toBe("laptop");
  });

  test("without another node the calls of the day are refused as cordoned", async () => {
    const { deps, where } = inForce(recipe("A laptop at night only"));
    await cordon(deps, { node: "laptop", for: "15h" }, "cli");
    expect(await where("builder", { down: ["attic"] })).toMatch(/1 was cordoned/);
  });
});

test("A maintenance window: calls go to the other node of the region while one is cordoned, and to none abroad with both", async () => {
  const { deps, where } = inForce(recipe("A maintenance window"));
  expect(await where("worker-sg", { cordon: ["sg-1"] })).toBe("sg-2");
  expect(await where("worker-sg")).toBe("sg-1");
  await cordon(deps, { node: "sg-1", reason: "disk", for: "4h" }, "cli");
  expect(await where("worker-sg")).toBe("sg-2");
  await cordon(deps, { node: "sg-2" }, "cli");
  expect(await where("worker-sg")).toMatch(/2 were cordoned/);
  await uncordon(deps, { node: "sg-1" });
  expect(await where("worker-sg")).toBe("sg-1");
});

test("A canary node: the next step is invalid until its test changes with it, and then moves the others only where no stable node is left", async () => {
  const config = recipe("A canary node");
  const { deps } = inForce(config);
  const next = { nodes: { testbed: { taints: ["canary:PreferNoSchedule"] } } };
  const early = await planDocument(deps, { document: next, as: "config-patch", oneByOne: true });
  expect(early.valid).toBe(false);
  expect(early.problems.map(({ path }) => path)).toEqual(["plugins.entries.node-router.config.tests[3]"]);
  const tests = config.tests.slice(0, 3);
  const down = ["stable-1", "stable-2"];
  const planned = await planDocument(deps, {
    document: { ...next, tests },
    as: "config-patch",
    down,
    oneByOne: true,
  });
  expect(planned.valid).toBe(true);
  expect(
    new Set(planned.changes.map(({ agent, scenario, after }) => [agent, scenario, after.node].join())),
  ).toEqual(new Set(["worker-a,stable-1, stable-2 down,testbed"]));
});

test("Two nodes, one primary: the agent is back on the primary as soon as that is, although it last ran elsewhere", async () => {
  const { deps, where } = inForce(recipe("Two nodes, one primary"));
  expect(await where("dba", { down: ["main"] })).toBe("backup");
  deps.memory.part(LAST_NODES).set("dba", "db", "backup");
  expect(await where("dba")).toBe("main");
});

describe("One node first, another one with other words", () => {
  test("the second rule chooses where the first has none, in its words, and a third country is in neither", async () => {
    const { explain, where } = inForce(recipe("One node first, another one with other words"));
    const second = await explain("worker", { down: ["sg-1"] });
    expect(second).toMatchObject({ node: "hk-1", rule: "hk" });
    expect(second.message).toContain('rule "hk" is next, for 0/4 nodes fit rule "sg"');
    expect(await where("worker", { down: ["sg-1", "hk-1"] })).toMatch(/^NO_NODE_FITS: /);
  });
});

/** Calls of one session as the host makes them, each by its id. */
function calls(config: Recipe, agent: string) {
  const { deps, idOf: id } = inForce(config);
  const policy = createToolPolicy(deps);
  const after = createAfterToolCall(deps);
  const event = (toolCallId: string) => execEvent(deps, { command: "make" }, { toolCallId });
  const context = (toolCallId: string, session = "main") => ({
    ...contextOf(agent),
    sessionKey: `agent:${agent}:${session}`,
    toolCallId,
  });
  return {
    deps,
    id,
    exec: (call: string, session?: string) => policy(event(call), context(call, session)),
    end: (call: string, node: string, session?: string) =>
      after(
        { ...event(call), result: { details: { nodeId: id(node), exitCode: 0 } } },
        context(call, session),
      ),
  };
}

describe("A small machine, one call at a time", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test.each([
    ["waits until the first has ended", 1, true],
    ["does not wait where more may run", 2, false],
  ])("the second call %s", async (_, maxRunning, waits) => {
    const { deps, id, exec, end } = calls(
      node("pi", { maxRunning })(recipe("A small machine, one call at a time")),
      "anybody",
    );
    const placed = { params: expect.objectContaining({ node: id("pi") }) };
    expect(await exec("1")).toEqual(placed);
    let second: unknown = "waits";
    void exec("2").then((answer) => {
      second = answer;
    });
    const pass = async (ms: number) => {
      deps.clockMs += ms;
      await vi.advanceTimersByTimeAsync(ms);
    };
    await pass(1_000);
    expect(second).toEqual(waits ? "waits" : placed);
    end("1", "pi");
    await pass(1_000);
    expect(second).toEqual(placed);
  });
});

describe("Commands stay with their files", () => {
  test.each([
    ["come back, or are refused while it is away", "session"],
    ["go wherever the rule likes best, where it does not say stick", "none"],
  ])("later commands of a session %s; another session chooses anew", async (_, stick) => {
    const sticky = stick === "session";
    const { deps, id, exec, end } = calls(
      firstRule({ stick })(recipe("Commands stay with their files")),
      "builder",
    );
    const up = (...names: readonly string[]) => {
      deps.clockMs += 2_000;
      const entry = (name: string) => hostEntry(name, id(name), { connected: names.includes(name) });
      deps.nodes = { nodes: ["build-1", "build-2"].map(entry) };
    };
    const on = (name: string) => ({ params: expect.objectContaining({ node: id(name) }) });
    up("build-1");
    expect(await exec("1")).toEqual(on("build-1"));
    end("1", "build-1");
    up("build-1", "build-2");
    expect(await exec("2")).toEqual(on(sticky ? "build-1" : "build-2"));
    expect(await exec("3", "other")).toEqual(on("build-2"));
    up("build-2");
    expect(await exec("4")).toEqual(
      sticky ? isBlocked(/did not hold the files of earlier calls/) : on("build-2"),
    );
  });
});

describe("Nothing of an agent on the gateway", () => {
  const AWAY = recipe("Nothing of an agent on the gateway");

  test.each<readonly [string, Record<string, unknown>]>([
    ["terminal", {}],
    ["read", { path: "/etc/hosts" }],
    ["exec", { command: "id", host: "gateway" }],
  ])("%s is not left to it, and is where no rule speaks", async (tool, params) => {
    const call = (config: object) => {
      const deps = fakeDeps({ config });
      deps.nodes = { nodes: [hostEntry("box-1", idOf(0))] };
      return createToolPolicy(deps)(execEvent(deps, params, { toolName: tool }), contextOf("master"));
    };
    const held = await call(AWAY);
    if (tool === "exec") expect(held).toMatchObject({ params: { host: "node", node: idOf(0) } });
    else expect(held).toEqual(isBlocked(/^[A-Z_]+: /));
    expect((await call({ ...AWAY, rules: [], tests: [] })) ?? {}).not.toHaveProperty("block");
  });
});

describe("Builds only where there is room", () => {
  const GIB = 2 ** 30;
  const roomOf = (name: string, freeGiB: number) =>
    makePresence({
      node: name,
      facts: {
        cpuCount: fact(8),
        load1: fact(0.5),
        memoryAvailableBytes: fact(freeGiB * GIB),
        diskAvailableBytes: fact(100 * GIB),
      },
    });

  test("the first node that has enough gets them, and one of which nothing is known gets none", async () => {
    const { where, observe } = inForce(recipe("Builds only where there is room"));
    expect(await where("builder")).toMatch(/2 had unknown/);
    observe(roomOf("roomy", 16));
    expect(await where("builder")).toBe("roomy");
    observe(roomOf("roomy", 3));
    expect(await where("builder")).toMatch(
      /1 had unknown idle CPUs, 1 had less than the minimum free memory/,
    );
    observe(roomOf("roomy", 16), roomOf("little", 4));
    expect(await where("builder")).toBe("little");
  });
});

test("A machine that is paired later gets nothing by itself, and gets calls by a rule that only excludes", async () => {
  const title = "A machine that is paired later gets nothing by itself";
  const closed = inForce(recipe(title));
  expect(await closed.where("anybody", { down: ["box-1"] })).toMatch(/1 didn't match "mine", 1 was offline/);
  const open = inForce({
    ...firstRule({ require: "!mine" })(recipe(title)),
    tests: [{ agent: "anybody" }].slice(1),
  });
  expect(await open.where("master")).toBe("stranger");
});
