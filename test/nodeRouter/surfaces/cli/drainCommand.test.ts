// What cordon, drain, plan and test do in a terminal: how long they wait, what they print, their exit codes.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { CommandName, CommandOptions } from "../../../../src/nodeRouter/surfaces/cli/commands.ts";
import { plainJson } from "../../../../src/nodeRouter/surfaces/cli/configFile.ts";
import type { DrainReport } from "../../../../src/nodeRouter/surfaces/methods/cordonMethods.ts";
import { START_MS } from "../../../support/fakeDeps.ts";
import { MACHINE, refusalOf, run } from "./arrange.ts";

const CORDON = {
  by: "alice",
  reason: "disk",
  at: "2026-11-29T08:00:00.000Z",
  until: null,
  drain: true,
  move: false,
};
const CALLS = [{ agent: "worker-sg", tool: "exec" }];
const report = (changes: Partial<DrainReport> = {}): DrainReport => ({
  node: "mac-sg",
  peer: false,
  cordon: CORDON,
  done: true,
  calls: [],
  untold: [],
  ssh: null,
  overNode: null,
  sessions: [],
  jobs: [],
  tasks: [],
  ...changes,
});
const BUSY = report({ done: false, calls: CALLS });

/** A terminal whose clock goes on while it sleeps. */
function machine() {
  let nowMs = START_MS;
  const sleep = async (ms: number) => {
    nowMs += ms;
  };
  return { ...MACHINE, now: () => nowMs, sleep };
}

function draining(answers: readonly (DrainReport | Error)[], options: CommandOptions = {}) {
  const left = [...answers];
  return run(
    "drain",
    { node: "mac-sg", ...options },
    () => {
      const next = (left.length > 1 ? left.shift() : left[0]) ?? BUSY;
      if (next instanceof Error) throw next;
      return next;
    },
    machine(),
  );
}

describe("drain", () => {
  test("waits for what runs, says what once, and is 0 when nothing runs any more", async () => {
    const ran = await draining([BUSY, BUSY, BUSY, report()]);
    expect([ran.code, ran.stderr]).toEqual([0, "mac-sg: waiting for exec of worker-sg"]);
    expect(ran.stdout).toContain("nothing runs on mac-sg that this gateway knows of");
    expect(ran.asked.map((line) => line.split(" ")[0])).toEqual([
      "noderouter.drain",
      "noderouter.drained",
      "noderouter.drained",
      "noderouter.drained",
    ]);
  });

  test("is 1 when its time is over before, and names what still holds the node", async () => {
    const held = {
      ...BUSY,
      untold: [{ agent: "worker-sg", tool: "browser" }],
      ssh: { running: 2, queued: 0 },
      sessions: [{ session: "agent:worker-sg:main", agent: "worker-sg" }],
      jobs: [{ job: "nr-1", agent: "worker-sg", startedAt: null }],
    };
    const ran = await draining([held], { timeout: "5s" });
    expect([ran.code, ran.asked.length]).toEqual([1, 6]);
    expect(ran.stdout.replaceAll("\n", " ")).toContain(
      'still running on mac-sg: exec of worker-sg, 2 running and 0 queued over SSH 1 call(s) were under way when their run ended; whether they have ended only the node knows: browser of worker-sg 1 session(s) have their files there and wait for it (with --move they go elsewhere): "agent:worker-sg:main" 1 detached command(s) were started there, and nobody has heard of their end yet: nr-1 of worker-sg',
    );
  });

  test("of a peer waits for the tasks that it has, names five of them with their agents, and calls it no node", async () => {
    const tasks = Array.from({ length: 7 }, (_, n) => ({
      id: `0199-${n}`,
      agent: n === 1 ? "" : "worker\u202e-sg",
    }));
    const held = report({ node: "gw-sg", peer: true, done: false, tasks });
    const ran = await draining([held, report({ node: "gw-sg", peer: true })], { node: "gw-sg" });
    expect([ran.code, ran.stderr]).toEqual([
      0,
      String.raw`gw-sg: waiting for delegation 0199-0 to "worker\u202e-sg", delegation 0199-1, delegation 0199-2 to "worker\u202e-sg", delegation 0199-3 to "worker\u202e-sg", delegation 0199-4 to "worker\u202e-sg", 2 more`,
    ]);
    const text = ran.stdout.replaceAll("\n", " ");
    expect(text).toContain("peer gw-sg is drained by alice");
    expect(text).toContain("no task of this gateway runs at gw-sg");
    expect(text).not.toContain("node");
    const unread = report({ node: "gw-sg", peer: true, done: false, tasks: null });
    const early = await draining([unread, report({ node: "gw-sg", peer: true })], { node: "gw-sg" });
    expect(early.stderr).toBe(
      "gw-sg: waiting for what this gateway's record of delegations says: it is not read yet",
    );
    const late = await draining([held], { node: "gw-sg", timeout: "1s" });
    expect([late.code, late.stdout]).toEqual([
      1,
      expect.stringContaining("not ended at gw-sg: delegation 0199-0"),
    ]);
  });

  test("goes on while the gateway restarts, and ends at once when somebody lifts the cordon or the gateway says no", async () => {
    const back = await draining([BUSY, new Error("ECONNREFUSED"), report()]);
    expect([back.code, back.stderr]).toEqual([
      0,
      "mac-sg: waiting for exec of worker-sg\nthe gateway does not answer, this goes on: ECONNREFUSED",
    ]);
    const lifted = await draining([BUSY, { ...BUSY, cordon: null }]);
    expect([lifted.code, lifted.asked.length]).toEqual([1, 2]);
    expect(lifted.stdout).toContain("is not cordoned any more");
    const refused = await draining([refusalOf("INVALID_REQUEST", 'no node "mac-gs" is known')]);
    expect([refused.code, refused.asked.length]).toEqual([1, 1]);
  });

  test("with --json prints one report and nothing on stderr; --move and who asks go along", async () => {
    const ran = await draining([BUSY, report()], { json: true, move: true, reason: " disk ", for: "2h" });
    expect([JSON.parse(ran.stdout), ran.stderr]).toEqual([report(), ""]);
    expect(JSON.parse(ran.asked[0]?.replace("noderouter.drain ", "") ?? "")).toEqual({
      node: "mac-sg",
      by: expect.stringMatching(/.@./),
      reason: "disk",
      for: "2h",
      move: true,
    });
  });
});

test.each<[CommandName, CommandOptions, RegExp]>([
  ["cordon", {}, /cordon needs a node/],
  ["drain", { node: " " }, /drain needs a node/],
  ["uncordon", {}, /uncordon needs a node, or -l, or --all/],
  ["uncordon", { node: "a", all: true }, /uncordon needs a node, or -l, or --all/],
  ["cordon", { node: "a", for: "soon" }, /--for takes a time span/],
  ["drain", { node: "a", timeout: "1 hour" }, /--timeout takes a time span/],
  ["plan", {}, /plan needs a file/],
  ["plan", { node: "x", as: "yaml" }, /--as takes openclaw, config, patch, config-patch/],
  ["plan", { node: "/nowhere/x.json" }, /"\/nowhere\/x.json" cannot be read: ENOENT/],
])("%s with %j is wrong usage, 2, and nobody is asked", async (name, options, message) => {
  const ran = await run(name, options, () => ({}));
  expect([ran.code, ran.asked]).toEqual([2, []]);
  expect(ran.stderr).toMatch(message);
});

test("cordon and uncordon say what holds now, and are 0", async () => {
  const done = await run("cordon", { node: "mac-sg" }, () => ({
    node: "mac-sg",
    cordon: CORDON,
    before: null,
  }));
  expect([done.code, done.stdout.replaceAll("\n", " ")]).toEqual([
    0,
    'node mac-sg is drained by alice since 2026-11-29T08:00:00.000Z: "disk"; until it is lifted; new calls are refused there, what runs goes on',
  ]);
  const none = await run("uncordon", { all: true }, () => ({ lifted: [] }));
  expect([none.code, none.stdout, none.asked]).toEqual([
    0,
    "Nothing was cordoned.",
    ['noderouter.uncordon {"all":true}'],
  ]);
});

describe("plan", () => {
  const folder = mkdtempSync(join(tmpdir(), "node-router-plan-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "new.json5");
  writeFileSync(file, "\uFEFF// new\n{ rules: [{ name: 'it\\'s', agents: [\"a\",], }], /* end */ }\n");
  const EMPTY = {
    valid: true,
    took: "the whole config of node-router",
    changes: [],
    more: 0,
    sessions: [],
    guards: [],
    problems: [],
    scenarios: 0,
    notes: [],
    tests: [],
  };
  const change = {
    agent: "worker-sg",
    tool: "exec",
    scenario: "mac-sg down",
    before: { outcome: "placed", node: "mac-sg" },
    after: { outcome: "refused", node: null },
    why: "before: x; after: y",
  };

  test.each([
    [0, {}, /Nothing changes/],
    [1, { changes: [change] }, /worker-sg +exec +mac-sg down +mac-sg +\(refused\)/],
    [1, { guards: [{ agent: "a", why: "guard would write x" }] }, /its guard is right no longer/],
    [
      2,
      { valid: false, problems: [{ severity: "error", path: "p", message: "m" }] },
      /error: p: m\nIt is invalid/,
    ],
  ])("is %i for such a report, in text and in JSON", async (code, changes, text) => {
    const answer = { ...EMPTY, ...changes };
    const told = await run("plan", { node: file }, () => answer);
    expect([told.code, told.stderr]).toEqual([code, ""]);
    expect(told.stdout).toMatch(text);
    const json = await run("plan", { node: file, json: true }, () => answer);
    expect([json.code, JSON.parse(json.stdout)]).toEqual([code, answer]);
  });

  test("that nobody answers, or that names a node which nobody has, is 2: not the 1 of a change", async () => {
    for (const error of [new Error("ECONNREFUSED"), refusalOf("INVALID_REQUEST", 'no node "x" is known')]) {
      const ran = await run("plan", { node: file, down: "x" }, () => {
        throw error;
      });
      expect([ran.code, ran.stdout]).toEqual([2, ""]);
    }
  });

  test("sends the parsed file, JSON5 as well, with what is to be down", async () => {
    const options = { node: file, down: "mac-sg, mac-cn", allDownOneByOne: true };
    const { asked } = await run("plan", options, () => EMPTY);
    expect(JSON.parse(asked[0]?.replace("noderouter.plan ", "") ?? "")).toEqual({
      document: { rules: [{ name: "it's", agents: ["a"] }] },
      down: ["mac-sg", "mac-cn"],
      oneByOne: true,
    });
  });

  test("a key that the file has twice is told beside the report, as check tells it", async () => {
    const twice = join(folder, "twice.json");
    writeFileSync(twice, '{"nodes": {"a": {}, "a": {"tags": ["gpu"]}}}');
    const ran = await run("plan", { node: twice, json: true }, () => EMPTY);
    expect([ran.code, JSON.parse(ran.stdout)]).toEqual([0, EMPTY]);
    expect(ran.stderr).toMatch(/^the file has "nodes"\."a" more than once: the last one counts/);
  });

  test("reads JSON as JSON does, and text that is none of both is no config", async () => {
    const value = { a: ["// no comment", 'a "quoted" \\ one', "it's", -1.5e3, true, null], "b c": {} };
    expect(JSON.parse(plainJson(JSON.stringify(value, null, 2)))).toEqual(value);
    for (const text of ["{ weight: 1 0 }", "{ on: tr ue }", "[1 /* or */ 2]"])
      expect(() => JSON.parse(plainJson(text))).toThrow(SyntaxError);
    writeFileSync(join(folder, "bad.json"), "{ a: 0x1F ");
    const ran = await run("plan", { node: join(folder, "bad.json") }, () => EMPTY);
    expect([ran.code, ran.asked]).toEqual([2, []]);
    expect(ran.stderr).toMatch(/is neither JSON nor JSON5$/);
  });
});

test("test is 0 when every test passes and 1 when one fails, with what happened", async () => {
  const tests = [
    { name: "home", passed: true, why: "fine" },
    { name: "away", passed: false, why: "it went elsewhere" },
  ];
  const ran = await run("test", {}, () => ({ tests }));
  expect([ran.code, ran.stdout]).toEqual([1, "passed  home\nFAILED  away: it went elsewhere"]);
  expect((await run("test", {}, () => ({ tests: tests.slice(0, 1) }))).code).toBe(0);
  expect((await run("test", {}, () => ({ tests: [] }))).code).toBe(0);
});

test("explain hands on what is supposed", async () => {
  const options = { agent: "a", down: "n1,n2", cordon: "n3", require: "gpu", at: "2h" };
  const { asked } = await run("explain", options, () => ({
    candidates: [],
    outcome: "placed",
    message: "",
    rule: null,
  }));
  expect(asked).toEqual([
    'noderouter.explain {"agent":"a","tool":"exec","down":["n1","n2"],"cordon":["n3"],"require":"gpu","at":"2h"}',
  ]);
});
