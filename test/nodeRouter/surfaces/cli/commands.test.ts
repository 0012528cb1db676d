// Exit codes, and what goes to stdout and to stderr.

import { describe, expect, test } from "vitest";
import { HOOKS_SEEN } from "../../../../src/nodeRouter/liveness/liveness.ts";
import { COUNTERS } from "../../../../src/nodeRouter/state/counters.ts";
import type { CommandName } from "../../../../src/nodeRouter/surfaces/cli/commands.ts";
import { refusalDetails } from "../../../../src/nodeRouter/surfaces/methods/errorDetails.ts";
import { fakeGateway, refusalOf, run } from "./arrange.ts";

const COMMANDS: readonly CommandName[] = ["status", "nodes", "events", "explain", "doctor", "guard"];
const AGENT = { agent: "worker-sg" };
const two = { agents: { entries: { "worker-cn": {}, "worker-sg": {} } } };
const GUARDED = {
  agents: {
    entries: {
      "worker-cn": { tools: { exec: { host: "node", node: "c0".repeat(32) } } },
      "worker-sg": { tools: { exec: { host: "node", node: "5a".repeat(32) } } },
    },
  },
};

describe("exit codes", () => {
  test.each(COMMANDS)(
    "%s of a guarded deployment is 0, in text and in JSON, and stderr stays empty",
    async (name) => {
      for (const json of [false, true]) {
        const ran = await run(name, { ...AGENT, json }, fakeGateway({ hostConfig: GUARDED }).answer);
        expect([ran.code, ran.stderr]).toEqual([0, ""]);
        expect(ran.stdout).not.toBe("");
      }
    },
  );

  test.each<[CommandName, number]>([
    ["status", 1],
    ["nodes", 0],
    ["explain", 1],
    ["doctor", 1],
  ])("with the node gone %s is %i", async (name, code) => {
    const gateway = fakeGateway({ hostConfig: GUARDED });
    gateway.deps.nodes = { nodes: [] };
    expect((await run(name, AGENT, gateway.answer)).code).toBe(code);
  });

  test("guard writes and is 0; with --dry-run it writes nothing and is 1 while something is to be written", async () => {
    const gateway = fakeGateway({ hostConfig: two });
    expect((await run("guard", { dryRun: true }, gateway.answer)).code).toBe(1);
    expect(gateway.written).toBe(0);
    expect((await run("guard", {}, gateway.answer)).code).toBe(0);
    expect(gateway.written).toBe(1);
    const done = fakeGateway({ hostConfig: GUARDED });
    expect((await run("guard", { dryRun: true }, done.answer)).code).toBe(0);
    expect((await run("guard", {}, done.answer)).code).toBe(0);
    expect(done.written).toBe(0);
  });

  test.each(["", " , "])(
    "guard --agent %j, as of variables that are not set, is not the guard of all",
    async (agent) => {
      for (const more of [{}, { dryRun: true }, { undo: true, yes: true }]) {
        const gateway = fakeGateway({ hostConfig: two });
        const ran = await run("guard", { agent, ...more }, gateway.answer);
        expect([ran.code, ran.asked, gateway.written]).toEqual([2, [], 0]);
        expect(ran.stderr).toMatch(/^--agent needs a name; /);
      }
    },
  );

  test("explain of an agent without a rule is 0: nothing is refused", async () => {
    expect((await run("explain", { agent: "master" }, fakeGateway().answer)).code).toBe(0);
  });

  test("explain of an agent or a tool that nobody has is 1 with the nearest name, in JSON too", async () => {
    const register = (error: Error) => refusalOf("INVALID_REQUEST", error.message, refusalDetails(error));
    const gateway = fakeGateway({ hostConfig: GUARDED });
    const answer = (method: string, params: object) =>
      method === "tools.catalog"
        ? { groups: [{ tools: [{ id: "my_tool" }] }] }
        : gateway.answer(method, { ...params }).catch((error: Error) => Promise.reject(register(error)));
    const agent = await run("explain", { agent: "worker-gs", json: true }, answer);
    expect(agent).toMatchObject({ code: 1, stderr: expect.stringContaining('did you mean "worker-sg"?') });
    expect(JSON.parse(agent.stdout)).toEqual({ error: { code: "AGENT_UNKNOWN", message: agent.stderr } });
    const tool = await run("explain", { ...AGENT, tool: "exce" }, answer);
    expect(tool).toMatchObject({
      code: 1,
      stdout: "",
      stderr: 'TOOL_UNKNOWN: no tool "exce" is known; did you mean "exec"?',
    });
    const plugins = await run("explain", { ...AGENT, tool: "My_Tool" }, answer);
    expect(plugins).toMatchObject({ code: 0, stderr: "" });
  });

  test("hooks that are not live make status fail, unless there is no rule to place by", async () => {
    const gateway = fakeGateway({ hostConfig: GUARDED });
    gateway.deps.memory.part(HOOKS_SEEN).hooksRegisteredAtMs = null;
    const ran = await run("status", {}, gateway.answer);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain("\nHOOKS_NOT_LIVE: the gateway runs agents without node-router's hooks");
    gateway.deps.configure({});
    const idle = await run("status", {}, gateway.answer);
    expect(idle.code).toBe(0);
    expect(idle.stdout).toContain(
      "\nno rule names any of these agents, so OpenClaw decides where their tools run\nnothing needs the hooks yet",
    );
    expect(idle.stdout).not.toContain("HOOKS_NOT_LIVE");
    gateway.deps.memory.part(HOOKS_SEEN).hooksRegisteredAtMs = Number.MAX_SAFE_INTEGER;
    expect((await run("status", {}, gateway.answer)).stdout).not.toContain("nothing needs the hooks");
  });

  test.each(["mismatches", "missed"] as const)("status is 1 once %s were counted", async (counter) => {
    const gateway = fakeGateway({ hostConfig: GUARDED });
    gateway.deps.memory.part(COUNTERS)[counter] = 1;
    expect((await run("status", {}, gateway.answer)).code).toBe(1);
  });

  test.each([undefined, "", "  "])(
    "explain with the agent %j is wrong usage: 2, and nobody is asked",
    async (agent) => {
      const ran = await run("explain", { agent, json: true }, fakeGateway().answer);
      expect(ran).toEqual({
        code: 2,
        stdout: "",
        stderr: "explain needs an agent: openclaw node-router explain --agent <id> [--tool exec]",
        asked: [],
      });
    },
  );
});

test.each([
  ["guard", { agent: "" }, "--agent"],
  ["calls", { agent: " " }, "--agent"],
  ["calls", { rule: "" }, "--rule"],
  ["events", { node: "" }, "--node"],
  ["delegations", { peer: "" }, "--peer"],
] as const)(
  "%s with the option %j, as of a variable that is not set, is wrong usage and never means all",
  async (name, options, option) => {
    const ran = await run(name, options, fakeGateway().answer);
    expect([ran.code, ran.asked]).toEqual([2, []]);
    expect(ran.stderr).toBe(`${option} needs a name; leave it out for all`);
  },
);

test.each(["tool", "down", "cordon", "require", "at"])(
  "explain with an empty --%s is wrong usage, and never the answer to another question",
  async (option) => {
    const ran = await run("explain", { agent: "worker-sg", [option]: " " }, fakeGateway().answer);
    expect([ran.code, ran.asked, ran.stderr]).toEqual([2, [], `--${option} needs a value`]);
  },
);

test.each([
  ["explain", { agent: "worker-sg", down: " , " }, "--down"],
  ["explain", { agent: "worker-sg", cordon: "," }, "--cordon"],
  ["plan", { argument: "new.json", down: "" }, "--down"],
] as const)("%s %j names no node, and is never the answer of all being up", async (name, options, flag) => {
  const ran = await run(name, options, fakeGateway().answer);
  expect([ran.code, ran.asked]).toEqual([2, []]);
  expect(ran.stderr).toMatch(new RegExp(`^${flag} takes names of nodes joined by commas, not "`));
});

describe("--json", () => {
  test.each(COMMANDS)("%s prints one JSON document and nothing else", async (name) => {
    const ran = await run(name, { ...AGENT, json: true }, fakeGateway({ hostConfig: two }).answer);
    expect(JSON.parse(ran.stdout)).toBeTypeOf("object");
    expect(ran.stdout).not.toContain("\u001b");
  });

  test("explain --json has exactly the documented keys, placed, refused and unrouted alike", async () => {
    const entries = { ...GUARDED.agents.entries, master: {} };
    const gateway = fakeGateway({ hostConfig: { agents: { entries } } });
    const keysOf = async (agent: string, tool: string): Promise<string[]> => {
      const { stdout } = await run("explain", { agent, tool, json: true }, gateway.answer);
      return Object.keys(JSON.parse(stdout));
    };
    const keys = ["agent", "tool", "mode", "rule", "outcome", "node", "transport", "binding", "message"];
    const all = [...keys, "candidates", "snapshotAgeMs"];
    for (const [agent, tool] of [
      ["worker-sg", "exec"],
      ["master", "exec"],
      ["worker-sg", "read"],
      ["worker-sg", "terminal"],
    ]) {
      expect(await keysOf(agent ?? "", tool ?? "")).toEqual(all);
    }
    gateway.deps.nodes = { nodes: [] };
    expect(await keysOf("worker-sg", "exec")).toEqual(all);
    const { stdout } = await run("explain", { ...AGENT, json: true }, gateway.answer);
    const { candidates } = JSON.parse(stdout);
    expect(Object.keys(candidates[0])).toEqual(["node", "fits", "reason", "score", "scores"]);
  });

  test("nothing is on stdout when the gateway does not answer", async () => {
    const ran = await run("status", { json: true }, () => Promise.reject(new Error("closed")));
    expect([ran.code, ran.stdout]).toEqual([1, ""]);
  });
});

describe("no answer, or no", () => {
  const failing = async (error: Error, name: CommandName = "status") =>
    (await run(name, AGENT, () => Promise.reject(error))).stderr;

  test("a gateway that is down: the fact, and what to do; no second line, no full stop in the middle", async () => {
    const error = new Error("gateway closed (1006): connect ECONNREFUSED.\nGateway target: ws://127.0.0.1:1");
    expect(await failing(error)).toBe(
      'GATEWAY_UNREACHABLE: node-router could not be asked: gateway closed (1006): connect ECONNREFUSED; start the gateway with "openclaw gateway run", or name it with --url and --token',
    );
  });

  test("a gateway without the plugin is told apart from one that is down", async () => {
    const text = await failing(refusalOf("INVALID_REQUEST", "unknown method: noderouter.status"));
    expect(text).toMatch(
      /^GATEWAY_UNREACHABLE: the gateway runs without node-router: unknown method: noderouter\.status; see "openclaw plugins inspect/,
    );
    expect(text).not.toContain("openclaw gateway run");
  });

  test("a gateway that says no runs, so nobody is told to start it", async () => {
    expect(await failing(refusalOf("FORBIDDEN", "missing scope: operator.write"), "guard")).toBe(
      "the gateway refused guard: missing scope: operator.write",
    );
    const own =
      'INVENTORY_UNAVAILABLE: the gateway did not list its nodes: x; try again, then see "openclaw nodes status"';
    const details = { refusal: "INVENTORY_UNAVAILABLE" };
    expect(await failing(refusalOf("UNAVAILABLE", own, { details }))).toBe(own);
    // The code is what says whose words they are: never how they begin.
    expect(await failing(refusalOf("UNAVAILABLE", own, { details: { refusal: "OTHER" } }))).toBe(
      `the gateway refused status: ${own}`,
    );
  });

  test("what is thrown may be anything, and is made safe to print", async () => {
    expect(await failing(new Error("bad\u001b[2J\u202ename"))).toContain("bad\\u001b[2J\\u202ename");
    const ran = await run("status", {}, () => Promise.reject("a string"));
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("could not be asked: a string; ")]);
  });

  test("an answer of another shape is no crash: exit 1 and one line", async () => {
    for (const answer of [null, undefined, "text", {}, { agents: null }]) {
      const ran = await run("status", {}, () => answer);
      expect(ran.code).toBe(1);
      expect(ran.stderr.split("\n")).toHaveLength(1);
    }
  });
});
