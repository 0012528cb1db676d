// A config tried before it holds: what it was read as, what would change, and that trying it changes nothing.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what OpenClaw puts variables into, not templates
import { describe, expect, test } from "vitest";
import { PLUGIN_CONFIG } from "../../../../src/config/currentConfig.ts";
import { NODE_NAMES } from "../../../../src/nodeRouter/inventory/nodeNames.ts";
import { SESSION_NODES } from "../../../../src/nodeRouter/state/sessionNodes.ts";
import { UsageError } from "../../../../src/nodeRouter/surfaces/methods/params.ts";
import {
  planDocument as plan,
  tryTests as runTests,
} from "../../../../src/nodeRouter/surfaces/methods/planMethods.ts";
import { BOUND, CONFIG, fakeDeps, SG_ID, SSH_CONFIG } from "../../../support/fakeDeps.ts";

const AGENTS = { entries: { "worker-sg": {}, "worker-cn": {} } };
const entry = (config: unknown) => ({ entries: { "node-router": { config } } });
const HOST = { agents: AGENTS, gateway: { mode: "local" }, plugins: entry(CONFIG) };
const arrange = (hostConfig: object = HOST, config: unknown = CONFIG) => fakeDeps({ hostConfig, config });
const TO_CN = [{ name: "singapore", agents: ["worker-sg"], require: "region=cn" }, CONFIG.rules[1]];

describe("a document", () => {
  test.each<readonly [string, object, string]>([
    [
      "with the keys of openclaw.json",
      { ...HOST, plugins: entry({ ...CONFIG, rules: TO_CN }) },
      "a whole openclaw.json",
    ],
    ["with the plugin's keys alone", { ...CONFIG, rules: TO_CN }, "the whole config of node-router"],
    [
      "with a part of openclaw.json",
      { plugins: entry({ rules: TO_CN }) },
      "a JSON merge patch of openclaw.json",
    ],
    [
      "with the plugin's keys and a null",
      { rules: TO_CN, mode: null },
      "a JSON merge patch of the config of node-router",
    ],
  ])("%s is read so, and moves the agent the same way", async (_, document, took) => {
    const report = await plan(arrange(), { document });
    expect(report).toMatchObject({ valid: true, took, problems: [] });
    expect(report.changes.find(({ tool }) => tool === "exec")).toEqual({
      agent: "worker-sg",
      tool: "exec",
      scenario: null,
      before: { outcome: "placed", node: "mac-sg" },
      after: { outcome: "placed", node: "mac-cn" },
      why: 'before: rule "singapore" over node; after: rule "singapore" over node',
    });
    expect(new Set(report.changes.map(({ agent }) => agent))).toEqual(new Set(["worker-sg"]));
  });

  test("that says what holds already changes nothing, in every form", async () => {
    for (const document of [HOST, CONFIG, {}, { plugins: {} }, { plugins: entry({ mode: null }) }]) {
      const report = await plan(arrange(), { document, oneByOne: true });
      expect(report).toMatchObject({ valid: true, changes: [], more: 0, sessions: [], guards: [] });
    }
  });

  test("with the older list of agents says the same as one with their entries, and a patch with it is invalid", async () => {
    const workspace = { sandbox: BOUND };
    const exec = { tools: { exec: { host: "node", node: SG_ID } } };
    const entries = { agents: { entries: { "worker-sg": workspace, "worker-cn": exec } } };
    const list = [{ id: "Worker-SG", ...workspace }, "x", { id: "worker-cn", ...exec }];
    const document = { ...HOST, agents: { list } };
    const same = await plan(arrange({ ...HOST, ...entries }, SSH_CONFIG), {
      document: { ...document, plugins: entry(SSH_CONFIG) },
    });
    expect(same).toMatchObject({ valid: true, changes: [], sessions: [], guards: [] });
    const other = await plan(arrange(HOST, SSH_CONFIG), {
      document: { ...document, plugins: entry(SSH_CONFIG) },
    });
    expect(other.changes.map(({ tool }) => tool)).toContain("write");
    const patch = await plan(arrange(), { document: { agents: { list } } });
    expect(patch).toMatchObject({ valid: false, changes: [] });
    expect(patch.problems[0]?.message).toContain('it has "agents.list"');
  });

  test("with gateway alone is ours where it says a place, and OpenClaw's where it says a port", async () => {
    const took = async (document: object) => (await plan(arrange(), { document })).took;
    expect(await took({ gateway: { location: { country: "CN" } } })).toBe("the whole config of node-router");
    expect(await took({ gateway: { port: 1 } })).toBe("a JSON merge patch of openclaw.json");
  });

  test("is read as it is told to be, where its shape says something else", async () => {
    const report = await plan(arrange(), { document: { audit: "off" }, as: "config-patch" });
    expect([report.took, report.changes]).toEqual(["a JSON merge patch of the config of node-router", []]);
    const whole = await plan(arrange(), { document: { audit: "off" } });
    expect(whole.changes.length).toBeGreaterThan(0);
    await expect(plan(arrange(), { document: {}, as: "yaml" })).rejects.toThrow(UsageError);
  });

  const deep = JSON.parse(`${"[".repeat(80)}${"]".repeat(80)}`);
  test.each<readonly [string, unknown, RegExp]>([
    ["no object", [1], /no JSON object/],
    ["nothing", undefined, /no JSON object/],
    ["nested too deep", { plugins: deep }, /nested more than 64 deep/],
    ["with $include", { $include: "./x.json" }, /\$include/],
    ["with $include inside", { agents: { entries: { $include: "./x.json" } } }, /\$include/],
    [
      "with a variable in a tag",
      { nodes: { "token-box": { tags: ["region=${REGION}"] } } },
      /\\"nodes\.token-box\.tags\.0\\" is \\"region=\$\{REGION\}\\", which only OpenClaw resolves/,
    ],
    ["with a variable in a rule of a whole file", { plugins: entry({ mode: "${MODE}" }) }, /\$\{MODE\}/],
    ["with a variable in an agent", { agents: { defaults: { sandbox: { mode: "${S}" } } } }, /\$\{S\}/],
    [
      "with a variable in a runtime",
      { models: { providers: { p: { agentRuntime: { id: "${RT}" } } } } },
      /\$\{RT\}/,
    ],
    [
      "with other variables below a file that we do not see",
      { env: { vars: { A: "b" } } },
      /it changes \\"env\\"/,
    ],
    [
      "with a selector that cannot be read",
      { rules: [{ name: "x", agents: ["a"], require: "(" }] },
      /column|expected/,
    ],
    ["with an unknown key", { plugins: entry({ ...CONFIG, ruels: [] }) }, /ruels|unexpected/i],
  ])("that is %s is invalid, with the problem", async (_, document, problem) => {
    const report = await plan(arrange(), { document });
    expect(report).toMatchObject({ valid: false, changes: [] });
    expect(JSON.stringify(report.problems)).toMatch(problem);
  });

  test.each<readonly [string, object]>([
    ["a secret of a node", { nodes: { "mac-sg": { tags: ["region=sg"], ssh: { passphrase: "${PASS}" } } } }],
    ["the gateway's own", { gateway: { auth: { token: "${OPENCLAW_GATEWAY_TOKEN}" } } }],
    ["a model's", { models: { providers: { p: { apiKey: "${KEY}", baseUrl: "${URL}" } } } }],
    ["an agent's", { agents: { defaults: { memorySearch: { remote: { apiKey: "${KEY}" } } } } }],
    ["what is no variable", { nodes: { "mac-sg": { tags: ["region=sg"], description: "${lower} $HOME" } } }],
  ])("with %s left to OpenClaw is planned all the same, and no environment is read", async (_, document) => {
    process.env.KEY = "sesame";
    const report = await plan(arrange(), { document });
    delete process.env.KEY;
    expect(JSON.stringify(report.problems)).not.toContain("only OpenClaw resolves");
    expect(JSON.stringify(report)).not.toContain("sesame");
  });

  test.each<readonly [string, object]>([
    [
      "tokens of peers",
      {
        peers: {
          b: { url: "https://b.example", token: "${T}", accept: { agents: ["worker-sg"], token: "${U}" } },
        },
      },
    ],
    ["a variable of commands", { nodes: { "mac-sg": { tags: ["region=sg"], env: { FOO: "${T}" } } } }],
    ["who is alerted", { alerts: { channel: "telegram", to: "${T}" } }],
  ])("with %s left to OpenClaw is valid, as the plugin's config and in a whole file", async (_, own) => {
    const config = { ...CONFIG, gatewayName: "here", ...own };
    for (const document of [config, { plugins: entry(config) }]) {
      const { valid, problems } = await plan(arrange(), { document });
      expect([valid, problems.filter(({ severity }) => severity === "error")]).toEqual([true, []]);
    }
  });

  test("with one variable as the token of two peers is as wrong as with one text", async () => {
    const peer = (host: string) => ({ url: `https://${host}.example`, token: "${T}" });
    const document = { ...CONFIG, gatewayName: "here", peers: { a: peer("a"), b: peer("b") } };
    expect(JSON.stringify((await plan(arrange(), { document })).problems)).toContain("each has its own");
  });

  test("has all its problems told at once", async () => {
    const rules = [
      { name: "x", agents: ["a"], require: "(" },
      { name: "x", agents: ["b"], tools: ["exce"] },
    ];
    const { problems } = await plan(arrange(), { document: { rules } });
    expect(
      problems
        .filter(({ severity }) => severity === "error")
        .map(({ path }) => path.replace(/^.*config\./, "")),
    ).toEqual(["rules[0].require", "rules[1].name", "rules[1].tools[0]"]);
  });
});

test("with a node down it tells what is not the same without that, for one node and for each", async () => {
  const nodes = { ...CONFIG.nodes, "mac-cn": { tags: ["region=cn", "region2=sg"] } };
  const rules = [
    {
      name: "singapore",
      agents: ["worker-sg"],
      require: "region",
      prefer: [{ selector: "region=sg", weight: 9 }],
    },
    CONFIG.rules[1],
  ];
  const document = { nodes, rules };
  expect((await plan(arrange(), { document })).changes).toEqual([]);
  const one = await plan(arrange(), { document, down: ["mac-sg"] });
  expect(one.changes.find(({ tool }) => tool === "exec")).toMatchObject({
    scenario: "mac-sg down",
    before: { outcome: "refused", node: null },
    after: { outcome: "placed", node: "mac-cn" },
  });
  const each = await plan(arrange(), { document, oneByOne: true });
  expect(each.scenarios).toBe(2);
  expect(each.changes).toEqual(one.changes);
  await expect(plan(arrange(), { document, down: ["mac-gs"] })).rejects.toThrow('no node "mac-gs" is known');
});

test("sessions that would lose the node of their files are told, and those that stay are not", async () => {
  const entries = { "worker-sg": { sandbox: BOUND }, "worker-cn": { sandbox: BOUND } };
  const deps = arrange({ ...HOST, agents: { entries } }, SSH_CONFIG);
  deps.memory.part(SESSION_NODES).put("agent:worker-sg:main", "mac-sg", "ssh");
  deps.memory.part(SESSION_NODES).put("agent:worker-cn:main", "mac-cn", "ssh");
  const { sessions } = await plan(deps, { document: { ...SSH_CONFIG, rules: TO_CN } });
  expect(sessions).toEqual([
    {
      session: "agent:worker-sg:main",
      agent: "worker-sg",
      before: "mac-sg",
      after: "mac-cn",
      why: 'rule "singapore" no longer means "mac-sg", where its files stay',
    },
  ]);
});

test("a guard that is right now and would not be is told, one that is missing already is not", async () => {
  const exec = { host: "node", node: SG_ID };
  const entries = { "worker-sg": { tools: { exec } }, "worker-cn": {} };
  const { guards } = await plan(arrange({ ...HOST, agents: { entries } }), {
    document: { ...CONFIG, rules: TO_CN },
  });
  expect(guards.map(({ agent }) => agent)).toEqual(["worker-sg"]);
  expect(guards[0]?.why).toContain("agents.entries.worker-sg.tools.exec.node = ");
});

test.each<readonly [string, object]>([
  ["its entry", { entries: { "node-router": { enabled: false } } }],
  ["plugins.deny", { deny: ["other", "node-router"] }],
  ["plugins.allow that lacks it", { allow: ["other"] }],
])(
  "a config in which the plugin would be switched off by %s is valid, says so, and leaves every agent to OpenClaw",
  async (_, plugins) => {
    const report = await plan(arrange(), { document: { plugins } });
    expect(report.notes.join()).toContain("would not be loaded");
    expect(report.changes.find(({ agent, tool }) => agent === "worker-sg" && tool === "exec")?.after).toEqual(
      {
        outcome: "unrouted",
        node: null,
      },
    );
  },
);

test("a list that allows the plugin, an empty one, and one that denies another one change nothing", async () => {
  for (const plugins of [{ allow: ["node-router"] }, { allow: [] }, { deny: ["other"] }]) {
    const report = await plan(arrange(), { document: { plugins } });
    expect([report.notes, report.changes]).toEqual([[], []]);
  }
});

test("a change to shadow mode leaves every agent with exec alone to OpenClaw, and one back places them again; in shadow mode another rule is what changes", async () => {
  const shadow = { ...CONFIG, mode: "shadow" };
  const execOf = async (config: object, document: object) =>
    (await plan(arrange(HOST, config), { document })).changes
      .filter(({ tool }) => tool === "exec")
      .map(({ agent, before, after }) => [agent, before.node, after.node]);
  const left = await plan(arrange(), { document: shadow });
  expect(left.changes[0]).toMatchObject({ after: { outcome: "unrouted", node: null } });
  expect(left.changes[0]?.why).toMatch(/; after: mode is "shadow", which changes nothing$/);
  expect(await execOf(CONFIG, shadow)).toEqual([
    ["worker-sg", "mac-sg", null],
    ["worker-cn", "mac-cn", null],
  ]);
  expect(await execOf(shadow, CONFIG)).toEqual([
    ["worker-sg", null, "mac-sg"],
    ["worker-cn", null, "mac-cn"],
  ]);
  expect(await execOf(shadow, shadow)).toEqual([]);
  expect(await execOf(shadow, { ...shadow, rules: TO_CN })).toEqual([["worker-sg", "mac-sg", "mac-cn"]]);
});

test("nothing of the running plugin changes by planning: neither config nor who has which name", async () => {
  const deps = arrange();
  await plan(deps, { document: HOST });
  const before = [deps.memory.part(PLUGIN_CONFIG).current, deps.memory.part(NODE_NAMES).known()];
  await plan(deps, { document: { nodes: { other: { node: "mac-sg" } } }, oneByOne: true });
  expect([deps.memory.part(PLUGIN_CONFIG).current, deps.memory.part(NODE_NAMES).known()]).toEqual(before);
});

describe("the config's tests", () => {
  const tests = [
    { agent: "worker-sg", expect: "node:mac-sg" },
    { name: "sg down", agent: "worker-sg", tool: "exec", down: ["mac-sg"], expect: "refused" },
    { name: "place", agent: "worker-sg", expect: "place:SG" },
    { name: "wrong", agent: "worker-cn", expect: "place:SG" },
    { name: "nobody's", agent: "other", expect: "unrouted" },
  ];

  test("are tried as if every node were up, and each says what became of the call", async () => {
    const deps = arrange(HOST, { ...CONFIG, tests });
    deps.nodes = { nodes: [] };
    expect((await runTests(deps)).tests).toEqual([
      { name: "worker-sg exec node:mac-sg", passed: true, why: expect.any(String) },
      { name: "sg down", passed: true, why: expect.any(String) },
      {
        name: "place",
        passed: true,
        why: '"worker-sg" expects place:SG, and exec is placed on "mac-sg" (SG)',
      },
      {
        name: "wrong",
        passed: false,
        why: '"worker-cn" expects place:SG, and exec is placed on "mac-cn" (CN)',
      },
      { name: "nobody's", passed: true, why: '"other" expects unrouted, and exec is left to OpenClaw' },
    ]);
  });

  test("that fail make the planned config invalid, and those that pass do not", async () => {
    const bad = await plan(arrange(), { document: { ...CONFIG, tests } });
    expect(bad).toMatchObject({ valid: false, changes: [] });
    expect(bad.tests.map(({ passed }) => passed)).toEqual([true, true, true, false, true]);
    expect(bad.problems).toEqual([
      expect.objectContaining({ severity: "error", path: "plugins.entries.node-router.config.tests[3]" }),
    ]);
    const good = await plan(arrange(), { document: { ...CONFIG, tests: tests.slice(0, 3) } });
    expect(good).toMatchObject({ valid: true, changes: [] });
  });
});

describe("several plans at once", () => {
  test("are worked out one after the other in their order, and the fifth is refused until one is done", async () => {
    const deps = arrange();
    let inWork = 0;
    let most = 0;
    const begun: number[] = [];
    const slow = (id: number) => ({
      ...deps,
      hostConfig: () => {
        if (begun.at(-1) !== id) begun.push(id);
        return deps.hostConfig();
      },
      listNodes: async () => {
        most = Math.max(most, ++inWork);
        await new Promise(setImmediate);
        inWork -= 1;
        return deps.nodes;
      },
    });
    const all = [1, 2, 3].map((id) => plan(slow(id), { document: CONFIG }));
    const tests = runTests(slow(4));
    await expect(plan(deps, { document: CONFIG })).rejects.toThrow(
      "NOT_STARTED: 4 plans or tests of a config are being worked out or wait for that, and it takes no more; this one was not begun; trying again is safe",
    );
    await expect(runTests(deps)).rejects.toThrow("NOT_STARTED: ");
    for (const report of await Promise.all(all)) expect(report).toMatchObject({ valid: true, changes: [] });
    expect(await tests).toEqual({ tests: [] });
    expect([begun, most]).toEqual([[1, 2, 3, 4], 1]);
    expect(await plan(deps, { document: CONFIG })).toMatchObject({ valid: true });
  });

  test("one that fails holds up none of the others", async () => {
    const deps = arrange();
    const wrong = plan(deps, { document: CONFIG, as: "x" });
    const next = plan(deps, { document: CONFIG });
    await expect(wrong).rejects.toThrow(UsageError);
    expect(await next).toMatchObject({ valid: true });
  });
});
