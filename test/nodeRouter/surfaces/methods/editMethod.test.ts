// `noderouter.edit`: that it shows before it writes, writes once into the file as written, and refuses what would be wrong.
import { describe, expect, test } from "vitest";
import { SESSION_NODES } from "../../../../src/nodeRouter/state/sessionNodes.ts";
import { editConfig } from "../../../../src/nodeRouter/surfaces/methods/editMethod.ts";
import { UsageError } from "../../../../src/nodeRouter/surfaces/methods/params.ts";
import { readTailnetStatus } from "../../../../src/presence/sources/tailscale/status.ts";
import { mergePatch } from "../../../../src/shared/mergePatch.ts";
import { CONFIG, fakeDeps, hostEntry, SG_ID } from "../../../support/fakeDeps.ts";

const AGENTS = { entries: { "worker-sg": {}, "worker-cn": {}, "worker-hk": {} } };

const tailnet = (peers: readonly object[]) =>
  readTailnetStatus({
    BackendState: "Running",
    CurrentTailnet: { MagicDNSSuffix: "tail.ts.net" },
    Peer: Object.fromEntries(peers.map((peer, at) => [`k${at}`, peer])),
  });
const peer = (name: string, more: object = {}) => ({
  DNSName: `${name}.tail.ts.net.`,
  HostName: name,
  OS: "linux",
  Online: true,
  ...more,
});

/** @param config the plugin's, as it is in force; @param typed the same as it stands in the file. */
function arrange(config: object = CONFIG, typed: object = config) {
  const host = (own: object) => ({
    agents: AGENTS,
    plugins: { entries: { "node-router": { config: own } } },
  });
  const file = structuredClone(host(typed));
  const deps = fakeDeps({ config, hostConfig: host(config) });
  let writes = 0;
  const changeConfig = async (change: (draft: unknown) => void) => {
    writes += 1;
    change(file);
  };
  let raw: unknown = "{}";
  const lookAtFile = async (look: (draft: unknown, context: unknown) => never) =>
    look(structuredClone(file), { snapshot: { raw } });
  return {
    deps,
    typed: (text: unknown) => {
      raw = text;
    },
    ask: (edit: object, dryRun: unknown = false, peers: readonly object[] = [], more: object = {}) =>
      editConfig(deps, { changeConfig, lookAtFile }, { edit, dryRun, ...more }, async () => tailnet(peers)),
    written: () => file.plugins.entries["node-router"].config as typeof CONFIG,
    file: () => file,
    writes: () => writes,
  };
}

const HK = { kind: "addRule", name: "hk", agents: ["worker-hk"], require: "region=sg", at: "last" };

describe("a dry run", () => {
  test("says what becomes of calls, and writes nothing", async () => {
    const { ask, writes, written } = arrange();
    const report = await ask(HK, true);
    expect(report).toMatchObject({ applied: false, settings: [], undo: ["rule rm hk"] });
    expect(report.effects?.changes.find(({ tool }) => tool === "exec")).toMatchObject({
      agent: "worker-hk",
      before: { outcome: "unrouted" },
      after: { outcome: "placed", node: "mac-sg" },
    });
    expect([writes(), written().rules]).toEqual([0, CONFIG.rules]);
  });

  test("of what would leave an agent without a node says that it is refused", async () => {
    const report = await arrange().ask({ kind: "tag", node: "mac-sg", changes: ["region-"] }, true);
    expect(report.effects?.changes.find(({ tool }) => tool === "exec")).toMatchObject({
      agent: "worker-sg",
      after: { outcome: "refused", node: null },
    });
    expect(report.notes.join()).toContain("matches none of the 2 configured nodes");
  });

  test("says which rules another node would match then, and which one no longer, whatever calls do now", async () => {
    const rules = [
      { name: "abroad", agents: ["worker-hk"], require: "region!=cn", prefer: [] },
      ...CONFIG.rules,
    ];
    const { ask, deps } = arrange({ ...CONFIG, rules });
    deps.nodes = { nodes: [hostEntry("mac-sg", SG_ID), hostEntry("mac-cn", "7e".repeat(32))] };
    const untagged = await ask({ kind: "tag", node: "mac-cn", changes: ["region-"] }, true);
    expect(untagged.notes).toEqual(
      expect.arrayContaining([
        'rule "abroad" then matches also mac-cn',
        'rule "china" then matches no longer mac-cn',
      ]),
    );
    // It stays paired, and is a node without tags then.
    const removed = await ask({ kind: "removeNode", node: "mac-cn" }, true);
    expect(removed.notes).toContain('rule "abroad" then matches also mac-cn');
    const same = await ask({ kind: "tag", node: "mac-sg", changes: ["gpu"] }, true);
    expect(same.notes.join()).not.toContain("then matches");
  });

  test("says which nodes are open then, to whom, once their taints go, also where nobody is sent there now", async () => {
    const nodes = { ...CONFIG.nodes, "mac-cn": { ...CONFIG.nodes["mac-cn"], taints: ["prod:NoSchedule"] } };
    const any = { name: "any", agents: ["worker-hk"] };
    const rules = [any, { ...any, name: "minds nothing", tolerate: ["prod"] }];
    const { ask, deps } = arrange({ ...CONFIG, nodes, rules, untoleratedAgents: "refuse" });
    deps.nodes = { nodes: [hostEntry("mac-sg", SG_ID), hostEntry("mac-cn", "7e".repeat(32))] };
    const { notes } = await ask({ kind: "removeNode", node: "mac-cn" }, true);
    expect(notes).toContain('rule "any" then matches also mac-cn');
    expect(notes).toContain("calls without a rule are then no longer kept off mac-cn");
    expect(notes.join()).toContain("while it is paired, cordon it");
    expect(notes.join()).not.toContain('"minds nothing" then matches');
    const tagged = await ask({ kind: "tag", node: "mac-cn", changes: ["gpu"] }, true);
    expect(tagged.notes.join()).not.toMatch(/then matches|kept off/);
    // Of a machine that is not paired nothing is left that could be open.
    const unpaired = arrange({ ...CONFIG, nodes, rules, untoleratedAgents: "refuse" });
    unpaired.deps.nodes = { nodes: [hostEntry("mac-sg", SG_ID)] };
    const gone = await unpaired.ask({ kind: "removeNode", node: "mac-cn" }, true);
    expect(gone.notes.join()).not.toMatch(/matches also|kept off/);
  });

  test.each([
    ["// mine\n{}", true],
    ["{ a: 1, /* mine */ }", true],
    [`{ url: "http://a//b", b: '/* c */', c: "\\"// d" }`, false],
    [null, false],
  ])("of a file with the text %j says whether comments will be lost: %s", async (text, isTold) => {
    const { ask, typed } = arrange();
    typed(text);
    expect((await ask(HK, true)).notes.join().includes("has comments")).toBe(isTold);
  });

  test("of what is so already has no effects to work out, and its writing writes nothing", async () => {
    const { ask, writes } = arrange();
    const same = { kind: "moveRule", name: "singapore", at: "first" };
    expect(await ask(same, true)).toMatchObject({ applied: false, changes: [], effects: null, undo: [] });
    expect(await ask(same)).toMatchObject({ applied: false });
    expect(writes()).toBe(0);
  });
});

describe("an edit", () => {
  test("is one write of the file as it is typed: secrets that are in force stay references", async () => {
    const ssh = (passphrase: unknown) => ({
      ...CONFIG,
      nodes: { ...CONFIG.nodes, far: { ssh: { identityFile: "~/k", passphrase } } },
    });
    const ref = { source: "env", provider: "default", id: "PASS" };
    const { ask, written, writes } = arrange(ssh("resolved secret"), ssh(ref));
    const report = await ask(HK);
    expect([report.applied, writes()]).toEqual([true, 1]);
    expect(written()).toEqual({
      ...ssh(ref),
      rules: [...CONFIG.rules, { name: "hk", agents: ["worker-hk"], require: "region=sg" }],
    });
    expect(JSON.stringify(report)).not.toContain("resolved secret");
  });

  test("meets the file as it is by then: a rule that came meanwhile stays", async () => {
    const { ask, file, written } = arrange();
    file().plugins.entries["node-router"].config = {
      ...CONFIG,
      rules: [...CONFIG.rules, { name: "new", agents: ["worker-hk"], require: "region=cn" }],
    };
    await ask(HK);
    expect(written().rules.map(({ name }) => name)).toEqual(["singapore", "china", "new", "hk"]);
  });

  test("that would make the config wrong is refused with what would be wrong, and not written", async () => {
    const { ask, writes } = arrange();
    await expect(ask({ ...HK, require: "region in sg" })).rejects.toThrow(
      /SETUP_FAILED: the config would be wrong: plugins\.entries\.node-router\.config\.rules\[2\]\.require: .*; nothing was changed/,
    );
    expect(writes()).toBe(0);
  });

  test("of a config that is wrong elsewhere is not refused for that, and its effects cannot be told", async () => {
    const { ask } = arrange({
      ...CONFIG,
      rules: [...CONFIG.rules, { name: "odd", agents: ["x"], require: "a=b=c" }],
    });
    expect((await ask(HK, true)).effects).toMatchObject({ valid: false });
    expect(await ask({ kind: "removeRule", name: "odd" })).toMatchObject({ applied: true });
  });

  test("that only moves a rule which is wrong, or others beside it, makes nothing wrong that was right", async () => {
    const odd = { name: "odd", agents: ["x"], require: "a=b=c" };
    const config = { ...CONFIG, rules: [odd, ...CONFIG.rules] };
    for (const edit of [
      { kind: "moveRule", name: "odd", at: "last" },
      { kind: "removeRule", name: "odd" },
      { ...HK, at: "first" },
    ])
      expect(await arrange(config).ask(edit)).toMatchObject({ applied: true });
    const second = { ...HK, require: "a=b=c" };
    await expect(arrange(config).ask(second)).rejects.toThrow(/the config would be wrong/);
  });

  test("that a person agreed to is not written when another one would come of it by then", async () => {
    const { ask, writes, written } = arrange();
    const { changes, settings } = await ask({ kind: "removeRule", name: "china" }, true);
    const shown = [...changes, ...settings];
    const other = arrange({
      ...CONFIG,
      rules: CONFIG.rules.map((rule) => ({ ...rule, agents: ["worker-hk"] })),
    });
    await expect(other.ask({ kind: "removeRule", name: "china" }, false, [], { shown })).rejects.toThrow(
      /SETUP_FAILED: the config, or what is known of the nodes, has changed since this was shown; nothing was changed. Run the command again/,
    );
    expect(other.writes()).toBe(0);
    await ask({ kind: "removeRule", name: "china" }, false, [], { shown });
    expect([writes(), written().rules.length]).toEqual([1, 1]);
  });

  test("that a person agreed to is not written into a file that says something else than what is in force", async () => {
    const newer = CONFIG.rules.map((rule) => ({ ...rule, agents: ["worker-hk"] }));
    const { ask, written } = arrange(CONFIG, { ...CONFIG, rules: newer });
    const edit = { kind: "removeRule", name: "china" };
    const { changes } = await ask(edit, true);
    await expect(ask(edit, false, [], { shown: changes })).rejects.toThrow(
      /has changed since this was shown/,
    );
    expect(written().rules).toEqual(newer);
  });

  test("that a person agreed to is written where OpenClaw has added defaults to what is in force", async () => {
    const typed = {
      nodes: { sg: { tags: ["region=sg"] }, cn: {} },
      rules: [{ name: "sg", agents: ["worker-sg"] }],
    };
    // As OpenClaw 2026.9.6 makes it of that.
    const added = { transport: "auto", taints: [], paths: [], pathPrepend: [], env: {}, loginShell: false };
    const ofRule = { prefer: [], tolerate: [], onUnavailable: "refuse", stick: "none", files: "gateway" };
    const inForce = {
      nodes: { sg: { tags: ["region=sg"], ...added }, cn: { tags: [], ...added } },
      rules: [{ name: "sg", agents: ["worker-sg"], ...ofRule }],
      mode: "enforce",
      tests: [],
      peers: {},
    };
    for (const [edit, line, undo] of [
      [
        { kind: "removeRule", name: "sg" },
        'rule "sg" goes: {"name":"sg","agents":["worker-sg"]}',
        "rule add sg --agents worker-sg",
      ],
      [
        { kind: "removeNode", node: "sg" },
        'plugins.entries.node-router.config.nodes.sg goes: {"tags":["region=sg"]}',
        "no command: put the entry above back into the config",
      ],
    ] as const) {
      const { ask } = arrange(inForce, typed);
      const { changes, undo: back } = await ask(edit, true);
      expect([changes, back]).toEqual([[line], [undo]]);
      expect(await ask(edit, false, [], { shown: changes })).toMatchObject({ applied: true });
    }
  });

  test("that a person agreed to is written where the file has a reference and the gateway its secret", async () => {
    const far = (passphrase: unknown) => ({
      ...CONFIG,
      nodes: { ...CONFIG.nodes, far: { ssh: { identityFile: "~/k", passphrase } } },
    });
    const ref = { source: "env", provider: "default", id: "PASS" };
    const { ask, written } = arrange(far("resolved secret"), far(ref));
    const edit = { kind: "removeNode", node: "far" };
    const { changes } = await ask(edit, true);
    expect(await ask(edit, false, [], { shown: changes })).toMatchObject({ applied: true });
    expect(Object.keys(written().nodes)).toEqual(["mac-sg", "mac-cn"]);
  });

  test("by which a test of the config fails is refused, dry or not: its agent would be refused then", async () => {
    const tests = [{ name: "sg", agent: "worker-sg", expect: "node:mac-sg" }];
    const { ask, writes } = arrange({ ...CONFIG, tests });
    for (const edit of [
      { kind: "tag", node: "mac-sg", changes: ["region-"] },
      { kind: "removeRule", name: "singapore" },
    ])
      for (const dry of [true, false])
        await expect(ask(edit, dry)).rejects.toThrow(
          /the config would be wrong: .*\.tests\[0\]: test "sg" fails: "worker-sg" expects node:mac-sg/,
        );
    expect(writes()).toBe(0);
    expect(await ask({ kind: "tag", node: "mac-sg", changes: ["gpu"] })).toMatchObject({ applied: true });
    // One that fails already is no reason: the edit may be what mends it.
    const failing = [{ ...tests[0], expect: "node:mac-cn" }];
    const other = arrange({ ...CONFIG, tests: failing });
    expect(await other.ask({ kind: "tag", node: "mac-sg", changes: ["region-"] })).toMatchObject({
      applied: true,
    });
  });

  test("that takes a node out is refused while files of a session are there", async () => {
    const { ask, deps, written } = arrange();
    deps.memory.part(SESSION_NODES).put("agent:worker-cn:main", "mac-cn", "ssh");
    await expect(ask({ kind: "removeNode", node: "mac-cn" })).rejects.toThrow(
      /the files of a session are on it/,
    );
    await ask({ kind: "removeNode", node: "mac-cn", force: true });
    expect(Object.keys(written().nodes)).toEqual(["mac-sg"]);
  });

  test("of an unknown kind, or without what it needs, is the caller's mistake", async () => {
    for (const edit of [
      {},
      { kind: "x" },
      { kind: "addRule", name: "x", at: "last" },
      { kind: "tag", node: "mac-sg" },
    ])
      await expect(arrange().ask(edit)).rejects.toThrow(UsageError);
  });

  test.each([
    ["a selector that is no text", { ...HK, require: ["region=sg"] }],
    ["a selector that is blank", { ...HK, require: " " }],
    ["a selector under another key", { ...HK, require: undefined, requires: "region=sg" }],
    ["agents of whom one is no text", { ...HK, agents: ["worker-hk", 5] }],
    [
      "agents that are no list, which would undo the guard of all",
      { kind: "undoGuard", agents: "worker-sg" },
    ],
    ["an agent that is blank, as of a variable that is not set", { kind: "undoGuard", agents: [""] }],
    ["a force that is a text", { kind: "removeNode", node: "mac-cn", force: "false" }],
    ["changes of which one is no text", { kind: "tag", node: "mac-sg", changes: ["gpu", null] }],
    [
      "a place that is none",
      { kind: "init", nodes: [{ name: "mac-sg", location: { country: "sg" } }], rules: [] },
    ],
    ["a wish without a place to run", { kind: "init", nodes: [], rules: [{ agents: ["a"], require: 1 }] }],
    ["nodes that are no list", { kind: "init", nodes: { name: "mac-sg" }, rules: [] }],
  ])("with %s is the caller's mistake, and is never read as one that asks for more", async (_, edit) => {
    const { ask, writes } = arrange();
    await expect(ask(edit)).rejects.toThrow(UsageError);
    expect(writes()).toBe(0);
  });

  test.each(["true", 1, null, "yes"])("with a dryRun of %j is not written for that", async (dryRun) => {
    const { ask, writes } = arrange();
    await expect(ask(HK, dryRun)).rejects.toThrow(UsageError);
    expect(writes()).toBe(0);
  });
});

describe("the patch of an edit", () => {
  const guarded = {
    worker: {},
    "worker.sg": { tools: { exec: { host: "node", node: SG_ID } } },
    "worker-cn": {},
  };
  const edits: readonly object[] = [
    HK,
    { kind: "moveRule", name: "china", at: "first" },
    { kind: "removeRule", name: "china" },
    { kind: "tag", node: "mac-sg", changes: ["region-", "gpu"] },
    { kind: "tag", node: "mac-cn", changes: ["region-"] },
    { kind: "removeNode", node: "mac-cn" },
    {
      kind: "init",
      nodes: [{ name: "mac-sg", tags: ["gpu"] }],
      rules: [{ agents: ["worker-hk"], require: "gpu" }],
    },
    { kind: "undoGuard", agents: ["worker.sg"] },
  ];
  test.each(edits)("%j makes of the file what writing makes of it", async (edit) => {
    const { ask, deps, file } = arrange();
    const agents = "kind" in edit && edit.kind === "undoGuard" ? { entries: guarded } : AGENTS;
    Object.assign(deps.hostConfig() as object, { agents });
    Object.assign(file(), { agents: structuredClone(agents) });
    const patched = mergePatch(structuredClone(file()), (await ask(edit, true)).patch);
    expect((await ask(edit)).applied).toBe(true);
    expect(patched).toEqual(file());
  });
});

describe("init", () => {
  const edit = {
    kind: "init",
    nodes: [{ name: "studio", location: { country: "HK" }, tags: ["region=hk"] }],
    rules: [{ agents: ["worker-hk"], require: "region=hk" }],
  };

  test("writes nodes, rules and the guard of the agents that it routes in one go", async () => {
    const { ask, deps, written, writes, file } = arrange();
    const id = "7e".repeat(32);
    deps.nodes = { nodes: [hostEntry("mac-sg", SG_ID), hostEntry("studio", id)] };
    const dry = await ask(edit, true);
    expect(dry.settings).toEqual([
      "agents.entries.worker-hk.tools.exec.host: node (now unset)",
      `agents.entries.worker-hk.tools.exec.node: ${id} (now unset)`,
    ]);
    expect(dry.patch).toEqual({
      plugins: {
        entries: {
          "node-router": {
            config: {
              nodes: { studio: edit.nodes[0] && { location: { country: "HK" }, tags: ["region=hk"] } },
              rules: expect.any(Array),
            },
          },
        },
      },
      agents: { entries: { "worker-hk": { tools: { exec: { host: "node", node: id } } } } },
    });
    expect(dry.undo).toEqual(["guard --undo --agent worker-hk", "rule rm region-hk", "remove studio"]);
    expect(writes()).toBe(0);
    await ask(edit);
    expect(writes()).toBe(1);
    expect(written().nodes).toEqual({
      ...CONFIG.nodes,
      studio: { tags: ["region=hk"], location: { country: "HK" } },
    });
    expect(written().rules.map(({ name }) => name)).toEqual(["singapore", "china", "region-hk"]);
    expect(file().agents.entries["worker-hk"]).toEqual({ tools: { exec: { host: "node", node: id } } });
    expect(file().agents.entries["worker-sg"]).toEqual({});
  });

  test("overrules no place that is declared, and no tag", async () => {
    const { ask, written } = arrange();
    await ask({
      kind: "init",
      nodes: [{ name: "mac-sg", location: { country: "HK" }, tags: ["gpu"] }],
      rules: [],
    });
    expect(written().nodes["mac-sg"]).toEqual({ ...CONFIG.nodes["mac-sg"], tags: ["region=sg", "gpu"] });
  });

  test("adds to a place that is declared what it lacks: coordinates alone are no country", async () => {
    const mine = { ...CONFIG.nodes["mac-sg"], location: { latitude: 1.3, longitude: 103.8 } };
    const { ask, written } = arrange({ ...CONFIG, nodes: { ...CONFIG.nodes, "mac-sg": mine } });
    const place = { country: "SG", city: "Singapore" };
    const init = { kind: "init", nodes: [{ name: "mac-sg", location: place, tags: [] }], rules: [] };
    expect((await ask(init)).undo).toEqual([
      expect.stringMatching(
        /^no command: take \S+mac-sg\.location\.country and \S+\.city out of the config$/,
      ),
    ]);
    expect(written().nodes["mac-sg"]).toEqual({ ...mine, location: { ...mine.location, ...place } });
  });

  test("points out machines of the tailnet that are no nodes, and none that is away, foreign or held in a hand", async () => {
    const peers = [
      peer("mac-sg"),
      peer("studio-hk"),
      peer("away", { Online: false }),
      peer("phone", { OS: "iOS" }),
      peer("theirs", { DNSName: "theirs.other.ts.net." }),
    ];
    const told = await arrange().ask({ kind: "init", nodes: [], rules: [] }, true, peers);
    expect(told.notes).toEqual([
      'on the tailnet, and no node yet: studio-hk; "openclaw node-router add <host>" makes one of a machine with SSH',
    ]);
    expect((await arrange().ask({ kind: "init", nodes: [], rules: [] }, true)).notes).toEqual([]);
  });

  test("without an answer changes nothing", async () => {
    const { ask, writes } = arrange();
    expect(await ask({ kind: "init", nodes: [], rules: [] })).toMatchObject({ applied: false, changes: [] });
    expect(writes()).toBe(0);
  });
});

test("a guarded agent that loses its rule is told of, and one that keeps a rule is not", async () => {
  const rest = { name: "rest", agents: ["worker-cn"] };
  const { ask, deps } = arrange({ ...CONFIG, rules: [...CONFIG.rules, rest] });
  const guard = { tools: { exec: { host: "node" } } };
  Object.assign(deps.hostConfig() as object, {
    agents: { entries: { "worker-sg": guard, "worker-cn": guard } },
  });
  const { notes } = await ask({ kind: "removeRule", name: "singapore" }, true);
  expect(notes.join()).toContain(
    'no rule routes "worker-sg" then, and the guard\'s settings stay: openclaw node-router guard --undo --agent worker-sg',
  );
  expect((await ask({ kind: "removeRule", name: "china" }, true)).notes.join()).not.toContain("guard --undo");
});

test("a node that is named as the list of rules is has tags as any other", async () => {
  const rules = { tags: ["region=sg"] };
  const { ask, written } = arrange({ ...CONFIG, nodes: { ...CONFIG.nodes, rules } });
  await ask({ kind: "tag", node: "rules", changes: ["gpu"] });
  expect(written().nodes).toEqual({ ...CONFIG.nodes, rules: { tags: ["region=sg", "gpu"] } });
});

describe("the undoing of the guard", () => {
  test("unsets it, says that nobody knows what was there, and is refused for an agent that is not there", async () => {
    const { ask, deps, file } = arrange();
    const guarded = { "worker-sg": { tools: { exec: { host: "node", node: SG_ID } } }, "worker-cn": {} };
    Object.assign(deps.hostConfig() as object, { agents: { entries: guarded } });
    Object.assign(file(), { agents: { entries: structuredClone(guarded) } });
    const report = await ask({ kind: "undoGuard", agents: ["Worker-SG"] });
    expect(report).toMatchObject({
      applied: true,
      undo: ["guard"],
      notes: [expect.stringContaining("nobody keeps")],
    });
    expect(file().agents.entries["worker-sg"]).toEqual({ tools: { exec: {} } });
    await expect(ask({ kind: "undoGuard", agents: ["worker-sq"] })).rejects.toThrow(/AGENT_UNKNOWN/);
  });

  test("leaves what somebody has changed in the file since the gateway read it", async () => {
    const { ask, deps, file } = arrange();
    const guarded = { "worker-sg": { tools: { exec: { host: "node", node: SG_ID } } } };
    const mine = { "worker-sg": { tools: { exec: { host: "gateway", node: SG_ID } } } };
    Object.assign(deps.hostConfig() as object, { agents: { entries: guarded } });
    Object.assign(file(), { agents: { entries: structuredClone(mine) } });
    await ask({ kind: "undoGuard", agents: null });
    expect(file().agents.entries).toEqual(mine);
  });

  test("of everybody leaves whoever is bound to a node and has no rule, and says so; by name it is undone", async () => {
    const { ask, deps, file } = arrange();
    const bound = { tools: { exec: { host: "node", node: SG_ID } } };
    const entries = { "worker-sg": bound, "worker-hk": structuredClone(bound) };
    Object.assign(deps.hostConfig() as object, { agents: { entries } });
    Object.assign(file(), { agents: { entries: structuredClone(entries) } });
    const { notes } = await ask({ kind: "undoGuard" });
    expect(file().agents.entries).toEqual({ "worker-sg": { tools: { exec: {} } }, "worker-hk": bound });
    expect(notes.join()).toContain(
      'no rule routes "worker-hk": what binds their exec to a node may be yours',
    );
    await ask({ kind: "undoGuard", agents: ["worker-hk"] });
    expect(file().agents.entries["worker-hk"]).toEqual({ tools: { exec: {} } });
  });
});
