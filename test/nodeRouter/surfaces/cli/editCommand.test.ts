// `rule`, `tag`, `remove`, `guard --undo` and `export` on the command line: wrong usage, asking, what is written, exit codes.
import { describe, expect, test } from "vitest";
import {
  type CommandName,
  type CommandOptions,
  runCommand,
} from "../../../../src/nodeRouter/surfaces/cli/commands.ts";
import type { Params } from "../../../../src/nodeRouter/surfaces/methods/params.ts";
import { MACHINE, refusalOf, run } from "./arrange.ts";

const REPORT = {
  applied: false,
  changes: ['tag "gpu" is new on "mac-sg"'],
  settings: [],
  notes: ["a note"],
  undo: ["tag mac-sg gpu-"],
  effects: {
    valid: true,
    changes: [
      {
        agent: "worker-sg",
        tool: "exec",
        scenario: null,
        before: { outcome: "placed", node: "mac-sg" },
        after: { outcome: "refused", node: null },
        why: "before: a; after: b",
      },
    ],
    more: 0,
    sessions: [],
    guards: [],
    tests: [{ name: "t", passed: false, why: "not so" }],
  },
  patch: {},
};
const SAME = { ...REPORT, changes: [], notes: [], undo: [], effects: null };

/** A gateway that answers a dry run with the report, and writes what it is told to. */
const gateway =
  (report: object = REPORT) =>
  (_: string, { dryRun }: Params): unknown =>
    dryRun === true ? report : { ...report, applied: true, effects: null };

const TAG: CommandOptions = { node: "mac-sg", id: "gpu region-" };

/** At a terminal at which the person types `answer`. */
async function typed(answer: string, name: CommandName, options: CommandOptions) {
  const [printed, failed, asked]: [string[], string[], string[]] = [[], [], []];
  const out = {
    print: (text: string) => void printed.push(text),
    fail: (text: string) => void failed.push(text),
    question: async (text: string) => {
      printed.push(text);
      return answer;
    },
  };
  const ask = async <T>(method: string, params: Params) => {
    asked.push(JSON.stringify(params));
    return gateway()(method, params) as T;
  };
  const code = await runCommand(name, options, ask, out, MACHINE);
  return { code, printed: printed.join("\n"), failed: failed.join("\n"), asked };
}

describe("wrong usage, for which the gateway is not asked", () => {
  const YES = { yes: true };
  const cases: readonly (readonly [string, CommandName, CommandOptions, RegExp])[] = [
    ["rule with another verb", "rule", { ...YES, node: "insert", id: "x" }, /add, move or rm, not "insert"/],
    ["rule without a name", "rule", { ...YES, node: "add" }, /rule add needs a name/],
    ["rule add without agents", "rule", { ...YES, node: "add", id: "x", agents: " , " }, /needs agents/],
    [
      "rule add with a selector that is none",
      "rule",
      { ...YES, node: "add", id: "x", agents: "a", require: "region in sg" },
      /--require: selector "region in sg" at column 11/,
    ],
    [
      "rule add in two places",
      "rule",
      { ...YES, node: "add", id: "x", agents: "a", before: "b", last: true },
      /one place/,
    ],
    ["rule move to nowhere", "rule", { ...YES, node: "move", id: "x" }, /needs a place/],
    [
      "rule move with agents",
      "rule",
      { ...YES, node: "move", id: "x", first: true, agents: "a" },
      /go with rule add/,
    ],
    ["rule rm to a place", "rule", { ...YES, node: "rm", id: "x", first: true }, /takes no place/],
    ["tag without a change", "tag", { ...YES, node: "mac-sg" }, /tag needs a node and what to change/],
    ["remove without a node", "remove", YES, /remove needs a node/],
    [
      "guard --undo of an agent without a name, which must not mean everybody",
      "guard",
      { ...YES, undo: true, agent: "" },
      /--agent needs a name/,
    ],
    [
      "rule add with a selector that is empty, which must not mean any node",
      "rule",
      { ...YES, node: "add", id: "x", agents: "a", require: "" },
      /--require: /,
    ],
    ["nobody to ask, and no --yes", "tag", TAG, /here is no terminal: add --yes.*or --dry-run/],
    [
      "--json, which asks nobody, and no --yes",
      "remove",
      { node: "mac-sg", json: true },
      /--json: add --yes/,
    ],
  ];
  test.each(cases)("%s", async (_, name, options, told) => {
    const ran = await run(name, options, gateway());
    expect([ran.code, ran.stdout, ran.asked]).toEqual([2, "", []]);
    expect(ran.stderr).toMatch(told);
  });
});

describe("what is asked of the gateway", () => {
  const cases: readonly (readonly [CommandName, CommandOptions, object])[] = [
    [
      "rule",
      { node: "add", id: "hk", agents: "worker-hk, x", require: " region=hk ", after: "cn" },
      { kind: "addRule", name: "hk", agents: ["worker-hk", "x"], require: "region=hk", at: { after: "cn" } },
    ],
    [
      "rule",
      { node: "add", id: "hk", agents: "x" },
      { kind: "addRule", name: "hk", agents: ["x"], require: null, at: "last" },
    ],
    ["rule", { node: "move", id: "hk", first: true }, { kind: "moveRule", name: "hk", at: "first" }],
    ["rule", { node: "rm", id: "hk" }, { kind: "removeRule", name: "hk" }],
    ["tag", TAG, { kind: "tag", node: "mac-sg", changes: ["gpu", "region-"] }],
    ["remove", { node: "mac-sg", force: true }, { kind: "removeNode", node: "mac-sg", force: true }],
    ["guard", { undo: true }, { kind: "undoGuard", agents: null }],
    ["guard", { undo: true, agent: "a,b" }, { kind: "undoGuard", agents: ["a", "b"] }],
  ];
  test.each(cases)("%s %j", async (name, options, edit) => {
    const ran = await run(name, { ...options, yes: true }, gateway());
    expect(ran.asked).toEqual([
      `noderouter.edit ${JSON.stringify({ edit, dryRun: true })}`,
      `noderouter.edit ${JSON.stringify({ edit })}`,
    ]);
    expect(ran.code).toBe(0);
  });
});

describe("an edit", () => {
  test("shows what changes for calls before it asks, and how to take it back once it is written", async () => {
    const { code, printed, asked } = await typed("y", "tag", TAG);
    expect([code, asked.length]).toEqual([0, 2]);
    const at = (text: string) => printed.indexOf(text);
    expect(at('tag "gpu" is new')).toBeLessThan(at("(refused)"));
    expect(at("FAILED  t: not so")).toBeLessThan(at("Write that? [y/N]"));
    expect(at("(refused)")).toBeLessThan(at("Write that? [y/N]"));
    expect(printed).toContain("note: a note");
    expect(at("Write that? [y/N]")).toBeLessThan(at("to undo: openclaw node-router tag mac-sg gpu-"));
  });

  test("that a person agreed to has what they were shown with it, and one with --yes has not", async () => {
    const { asked } = await typed("y", "tag", TAG);
    expect(JSON.parse(asked[1] ?? "")).toEqual({
      edit: { kind: "tag", node: "mac-sg", changes: ["gpu", "region-"] },
      shown: REPORT.changes,
    });
    expect((await run("tag", { ...TAG, yes: true }, gateway())).asked.join()).not.toContain("shown");
  });

  test("shows tools that go the same way in one row, and says why only of what is refused", async () => {
    const change = (tool: string, node: string | null) => ({
      ...REPORT.effects.changes[0],
      tool,
      after: { outcome: node === null ? "refused" : "placed", node },
      why: `why ${tool}`,
    });
    const changes = [change("exec", "mac-cn"), change("nodes", "mac-cn"), change("dir_list", null)];
    const ran = await run(
      "tag",
      { ...TAG, dryRun: true },
      gateway({ ...REPORT, effects: { ...REPORT.effects, changes, tests: [] } }),
    );
    expect(ran.stdout).toMatch(/worker-sg +exec and 1 more +mac-sg +mac-cn\n/);
    expect(ran.stdout).toMatch(/worker-sg +dir_list +mac-sg +\(refused\)\n/);
    expect(ran.stdout).toContain("worker-sg: dir_list: why dir_list");
    expect(ran.stdout).not.toMatch(/why (exec|nodes)/);
  });

  test.each(["", "n", "yess"])("that the person answers with %j is not written", async (answer) => {
    const { code, failed, asked } = await typed(answer, "tag", TAG);
    expect([code, failed, asked.length]).toEqual([1, "nothing was written", 1]);
  });

  test("as a dry run is only shown, with exit code 1 where something would change and 0 where not", async () => {
    const ran = await run("tag", { ...TAG, dryRun: true }, gateway());
    expect([ran.code, ran.asked.length]).toEqual([1, 1]);
    const same = await run("tag", { ...TAG, dryRun: true }, gateway(SAME));
    expect([same.code, same.stdout]).toEqual([0, "Nothing to change: it is so already."]);
  });

  test("as JSON is one value, written or not", async () => {
    const dry = await run("tag", { ...TAG, dryRun: true, json: true }, gateway());
    expect(JSON.parse(dry.stdout)).toEqual(REPORT);
    const written = await run("tag", { ...TAG, yes: true, json: true }, gateway());
    expect(JSON.parse(written.stdout)).toMatchObject({ applied: true });
    expect(JSON.parse((await run("tag", { ...TAG, yes: true, json: true }, gateway(SAME))).stdout)).toEqual(
      SAME,
    );
  });

  test("of a config with errors says that its effects cannot be told, never that there are none", async () => {
    const broken = { ...REPORT, effects: { ...REPORT.effects, valid: false, changes: [], tests: [] } };
    const ran = await run("tag", { ...TAG, dryRun: true }, gateway(broken));
    expect(ran.stdout).toContain("cannot be told while the config has errors");
    expect(ran.stdout).not.toContain("Nothing changes");
  });

  test("that the gateway refuses is exit code 1 with its words, and is asked for once", async () => {
    const ran = await run("remove", { node: "mac-cn", yes: true }, () => {
      throw refusalOf("UNAVAILABLE", "SETUP_FAILED: files are there", { details: { code: "SETUP_FAILED" } });
    });
    expect([ran.code, ran.asked.length]).toEqual([1, 1]);
    expect(ran.stderr).toContain("SETUP_FAILED: files are there");
  });
});

test("export prints the config alone, and says on stderr which secrets it left out", async () => {
  const config = { nodes: { a: { tags: ["gpu"] } } };
  const ran = await run("export", {}, () => ({ config, left: ["nodes.a.ssh.passphrase"] }));
  expect([ran.code, JSON.parse(ran.stdout), ran.asked]).toEqual([0, config, ["noderouter.export {}"]]);
  expect(ran.stderr).toBe("left out, a secret: plugins.entries.node-router.config.nodes.a.ssh.passphrase");
});
