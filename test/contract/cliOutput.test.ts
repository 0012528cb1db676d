// What holds for every command of `openclaw node-router`, so that a new one cannot lack it.
import { Command } from "commander";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { CommandOptions } from "../../src/nodeRouter/surfaces/cli/commandOptions.ts";
import { buildCommands } from "../../src/nodeRouter/surfaces/cli/program.ts";
import type { Verb } from "../../src/nodeRouter/surfaces/cli/verb.ts";
import { COMMAND_NAMES, type CommandName, GROUPS, VERBS } from "../../src/nodeRouter/surfaces/cli/verbs.ts";
import { fakeGateway, MACHINE, type Ran, run } from "../nodeRouter/surfaces/cli/arrange.ts";
import { hostOf } from "../nodeRouter/surfaces/doctor/arrange.ts";
import { ROOT } from "../support/environment.ts";

interface Use {
  readonly options: CommandOptions;
  /** Of the methods that are not a real one's of the fake gateway. */
  readonly answers?: Readonly<Record<string, unknown>>;
}

const MANIFEST = `${ROOT}/openclaw.plugin.json`;
const EDIT = { "noderouter.edit": { changes: ["a"], settings: [], notes: [], undo: [], patch: { a: 1 } } };

/** One use of each that prints a report. */
const USES: Readonly<Record<CommandName, Use>> = {
  init: { options: { dryRun: true }, answers: EDIT },
  status: { options: {} },
  nodes: { options: {} },
  events: { options: {} },
  explain: { options: { argument: "worker-sg" } },
  describe: { options: { argument: "agent", id: "worker-sg" } },
  top: { options: {} },
  wait: { options: { argument: "mac-sg", for: "uncordoned" } },
  ping: { options: { argument: "mac-sg", count: "1" }, answers: { "noderouter.ping": { ways: [] } } },
  doctor: { options: {} },
  guard: { options: { dryRun: true } },
  trust: {
    options: { argument: "mac-sg" },
    answers: { "noderouter.trust": { keys: [], problem: null, jumpHost: null } },
  },
  probe: { options: { argument: "mac-sg" }, answers: { "noderouter.probe": { ok: true, steps: [] } } },
  add: { options: { argument: "claw@studio-hk", yes: true } },
  join: { options: { argument: "claw@studio-hk", yes: true } },
  rule: { options: { argument: "rm", id: "singapore", dryRun: true }, answers: EDIT },
  tag: { options: { argument: "mac-sg", id: "gpu", dryRun: true }, answers: EDIT },
  remove: { options: { argument: "mac-sg", dryRun: true }, answers: EDIT },
  export: { options: {}, answers: { "noderouter.export": { config: { nodes: {} }, left: [] } } },
  cordon: { options: { argument: "mac-sg" }, answers: { "noderouter.cordon": { node: "mac-sg" } } },
  uncordon: { options: { all: true }, answers: { "noderouter.uncordon": { lifted: [] } } },
  drain: { options: { argument: "mac-sg" }, answers: { "noderouter.drain": { done: true, cordon: {} } } },
  plan: {
    options: { argument: MANIFEST },
    answers: { "noderouter.plan": { valid: true, changes: [], sessions: [], guards: [] } },
  },
  check: { options: {} },
  test: { options: {}, answers: { "noderouter.test": { tests: [] } } },
  calls: { options: {}, answers: { "noderouter.calls": { calls: [] } } },
  usage: { options: {}, answers: { "noderouter.usage": { complete: true, rows: [] } } },
  ledger: { options: { argument: "verify" }, answers: { "noderouter.ledger": { ok: true } } },
  peers: { options: {}, answers: { "noderouter.peers": { gateway: { name: "gw", id: null }, peers: [] } } },
  delegations: {
    options: {},
    answers: { "noderouter.delegations": { delegations: [], left: 0 }, "noderouter.peers": { peers: [] } },
  },
};

function use(name: CommandName, more: CommandOptions): Promise<Ran> {
  const { options, answers = {} } = USES[name];
  const gateway = fakeGateway({ hostConfig: hostOf({}) });
  const machine = { ...MACHINE, config: () => ({ plugins: { entries: { "node-router": { config: {} } } } }) };
  return run(
    name,
    { ...options, ...more },
    (method, params) => {
      if (method === "noderouter.setup") throw new Error("no such machine");
      return answers[method] ?? gateway.answer(method, params);
    },
    machine,
  );
}

describe.each(COMMAND_NAMES)("%s", (name) => {
  test("prints its report as YAML, which is its JSON, and nothing beside it", async () => {
    const [json, short, yaml] = await Promise.all(
      [{ output: "json" }, { json: true }, { output: "yaml" }].map((more) => use(name, more)),
    );
    expect(json?.stdout).not.toBe("");
    expect(short?.stdout).toBe(json?.stdout);
    expect(yaml?.stdout).not.toMatch(/^[{[]./);
    // Times of steps differ between two runs.
    const timeless = (value: unknown) => JSON.stringify(value).replace(/"\w*[mM]s":[\d.]+/g, "");
    expect(timeless(parse(yaml?.stdout ?? ""))).toBe(timeless(JSON.parse(json?.stdout ?? "")));
    expect([yaml?.code, yaml?.stderr]).toEqual([json?.code, json?.stderr]);
  });

  test("refuses another format, both ways of saying it, and a time limit that is none: 2, and nobody is asked", async () => {
    for (const [more, message] of [
      [{ output: "xml" }, /^-o takes json, yaml/],
      [{ output: "yaml", json: true }, /^--json and -o say how to print: use one of them$/],
      [{ timeout: "soon" }, /^--timeout takes /],
      [{ port: "0" }, /^--port takes /],
    ] as const) {
      const ran = await use(name, more);
      expect(ran).toMatchObject({ code: 2, stdout: "", asked: [] });
      expect(ran.stderr).toMatch(message);
    }
  });
});

describe("every list", () => {
  const lists = COMMAND_NAMES.filter((name) => (VERBS[name] as Verb).list !== undefined);

  test("is one of these", () => {
    expect(lists).toEqual(["status", "nodes", "top", "events", "calls", "peers", "delegations"]);
  });

  test.each(lists)(
    "%s prints as tsv one line of headings, and as names nothing where it is empty",
    async (name) => {
      const tsv = await use(name, { output: "tsv" });
      const [head = "", ...rows] = tsv.stdout.split("\n");
      expect(head).toMatch(/^[a-z]+(\t[a-z]+){2,}$/);
      for (const row of rows) expect(row.split("\t")).toHaveLength(head.split("\t").length);
      const names = await use(name, { output: "name", selector: "no-such-tag" });
      expect([names.stdout, names.stderr]).toEqual(["", ""]);
    },
  );
});

test("help of every command has -o and --json; of a list also -l and --sort; -l of no other than what selects", async () => {
  const program = new Command("openclaw");
  await buildCommands(program as never, "node-router", "what it is");
  for (const command of program.commands[0]?.commands ?? []) {
    const flags = command.options.map(({ long }) => long);
    expect(flags).toEqual(expect.arrayContaining(["--output", "--json"]));
    const verb: Verb = VERBS[command.name() as CommandName];
    const isList = verb.list !== undefined;
    expect([command.name(), flags.includes("--selector"), flags.includes("--sort")]).toEqual([
      command.name(),
      isList || verb.selects === true,
      isList,
    ]);
  }
});

test("help lists every command in a group, none under a heading of its own", async () => {
  const program = new Command("openclaw");
  await buildCommands(program as never, "node-router", "what it is");
  const [root] = program.commands;
  const groups = new Set(root?.commands.map((command) => command.helpGroup()));
  expect([...groups]).toEqual(GROUPS.map(([heading]) => heading));
  expect(GROUPS.flatMap(([, verbs]) => Object.keys(verbs))).toEqual(COMMAND_NAMES);
  let help = "";
  root?.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  expect(help).toMatch(/\nLook:\n {2}status /);
  expect(help).toContain("openclaw gateway call noderouter.nodes --json");
});
