// What the running plugin answers: always fresh, whatever the host is like.
import { describe, expect, test } from "vitest";
import type { GuardPlan } from "../../../../src/nodeRouter/surfaces/guard/guardPlan.ts";
import { createMethods } from "../../../../src/nodeRouter/surfaces/methods/methods.ts";
import { UsageError } from "../../../../src/nodeRouter/surfaces/methods/params.ts";
import { CONFIG, type FakeOptions, fakeDeps, SG_ID } from "../../../support/fakeDeps.ts";

const HOST = { agents: { entries: { "worker-sg": {} } } };

function arrange(options: FakeOptions = { hostConfig: HOST }) {
  const deps = fakeDeps(options);
  const written: (readonly GuardPlan[])[] = [];
  const methods = createMethods(deps, "1.2.3", async (plans) => void written.push(plans));
  return { deps, methods, written };
}

describe("explain", () => {
  test("without an agent it is the caller's mistake, not a fault", async () => {
    const { methods } = arrange();
    for (const params of [{}, { agent: "" }, { agent: "  " }, { agent: 7 }, { agent: null }]) {
      await expect(methods.explain(params)).rejects.toThrow(UsageError);
    }
  });

  test("the tool is exec unless named; spaces around names do not count", async () => {
    const { methods } = arrange();
    const { agent, tool, outcome } = await methods.explain({ agent: " worker-sg ", tool: " " });
    expect([agent, tool, outcome]).toEqual(["worker-sg", "exec", "placed"]);
  });

  test.each(["read", "ls", "process", "web_fetch", "files__search"])(
    "%s is never placed on a node, and explain does not claim that it is",
    async (tool) => {
      const { methods } = arrange();
      const report = await methods.explain({ agent: "worker-sg", tool });
      expect(report).toMatchObject({ tool, rule: null, outcome: "unrouted", node: null, candidates: [] });
      expect(report.message).toMatch(
        new RegExp(
          `^"${tool}" is never placed on a node, OpenClaw runs it as it would without node-router; rules place exec, `,
        ),
      );
    },
  );

  test("file tools of a rule that refuses them, and gateway shells of a routed agent, are refused with the reason", async () => {
    const rules = [{ name: "singapore", agents: ["worker-sg"], require: "region=sg", files: "refuse" }];
    const { methods } = arrange({ config: { ...CONFIG, rules } });
    const files = await methods.explain({ agent: "worker-sg", tool: "write" });
    expect(files).toMatchObject({ outcome: "refused", node: null, transport: null });
    expect(files.message).toMatch(/^FILES_REFUSED: /);
    const shell = await methods.explain({ agent: "worker-sg", tool: "terminal" });
    expect(shell.message).toMatch(/^GATEWAY_SHELL_REFUSED: /);
    expect(await methods.explain({ agent: "master", tool: "terminal" })).toMatchObject({
      outcome: "unrouted",
    });
  });

  test("an agent is found however it is written, and one that OpenClaw does not have is an error with the nearest", async () => {
    const { methods } = arrange({ hostConfig: { agents: { entries: { "Worker-SG": {}, master: {} } } } });
    expect(await methods.explain({ agent: "WORKER-sg" })).toMatchObject({
      agent: "worker-sg",
      outcome: "placed",
    });
    await expect(methods.explain({ agent: "worker-gs" })).rejects.toThrow(
      'AGENT_UNKNOWN: no agent "worker-gs" is configured; did you mean "worker-sg"? Configured are "worker-sg", "master"',
    );
    // Where the config lists nobody, nobody can be said not to be there.
    expect(await arrange({ hostConfig: {} }).methods.explain({ agent: "anyone" })).toMatchObject({
      rule: null,
    });
  });

  test("a tool that nobody has is an error with the nearest; another plugin's is not", async () => {
    const { methods } = arrange();
    const asked = { agent: "worker-sg", tool: "exce" };
    await expect(methods.explain(asked)).rejects.toThrow(
      'TOOL_UNKNOWN: no tool "exce" is known; did you mean "exec"?',
    );
    expect(await methods.explain({ ...asked, toolExists: true })).toMatchObject({ outcome: "unrouted" });
    expect(await methods.explain({ ...asked, tool: " Bash " })).toMatchObject({
      tool: "exec",
      node: "mac-sg",
    });
  });

  test("automations are left alone, but for payloads that start a process", async () => {
    const { message } = await arrange().methods.explain({ agent: "worker-sg", tool: "automations" });
    expect(message).toContain("of a routed agent, those that start a process on the gateway are refused");
  });

  test("with its workspace on a node an agent's other tools follow", async () => {
    const sandbox = { mode: "all", backend: "node-router", workspaceAccess: "rw" };
    const nodes = { "mac-sg": { tags: ["region=sg"], ssh: {}, workspace: "/node/ws" } };
    const { methods } = arrange({
      config: { ...CONFIG, nodes },
      hostConfig: { agents: { entries: { "worker-sg": { sandbox } } } },
    });
    expect(await methods.explain({ agent: "worker-sg", tool: "read" })).toMatchObject({
      binding: "workspace",
      node: "mac-sg",
      transport: "ssh",
    });
  });

  test("a broken config is the reason, for exec and for shells; tools of no machine stay unrouted", async () => {
    const { methods } = arrange({
      config: { ...CONFIG, rules: [{ ...CONFIG.rules[0], require: "region=(" }] },
    });
    for (const tool of ["exec", "terminal"]) {
      const report = await methods.explain({ agent: "worker-sg", tool });
      expect(report).toMatchObject({ outcome: "refused", node: null });
      expect(report.message).toMatch(/^CONFIG_INVALID: /);
    }
    expect(await methods.explain({ agent: "worker-sg", tool: "web_fetch" })).toMatchObject({
      outcome: "unrouted",
    });
  });
});

describe("fresh", () => {
  test("every report reads the host's list anew: no answer is a second old", async () => {
    const { deps, methods } = arrange();
    for (const ask of [methods.status, methods.nodes, methods.doctor]) {
      deps.clockMs += 1;
      const before = deps.listCalls;
      await ask();
      expect(deps.listCalls).toBe(before + 1);
    }
  });

  test.each([new Error("scope is over"), null, "text", { nodes: "x" }])(
    "a host that answers %s is an error with a code, and no report of nodes that are gone",
    async (answer) => {
      const { deps, methods } = arrange();
      await methods.nodes();
      deps.clockMs += 1;
      deps.nodes = answer;
      for (const ask of [methods.status, methods.nodes, methods.doctor, () => methods.guard({})]) {
        await expect(ask()).rejects.toThrow(/^INVENTORY_UNAVAILABLE: the gateway did not list its nodes: /);
      }
    },
  );

  test("before any config was published there is nothing routed and nothing wrong", async () => {
    const { methods } = arrange({ config: null, hostConfig: HOST });
    expect((await methods.status()).agents.map(({ outcome }) => outcome)).toEqual(["unrouted"]);
    expect((await methods.guard({})).agents).toEqual([]);
  });

  test.each([
    null,
    "text",
    { agents: "x" },
    { agents: { entries: { "worker-sg": "x" } }, tools: 7, plugins: null },
  ])("a host config of %j breaks no report", async (hostConfig) => {
    const { methods } = arrange({ hostConfig });
    await methods.status();
    await methods.doctor();
    await methods.explain({ agent: "worker-sg" });
    await methods.guard({ dryRun: true });
  });
});

describe("guard", () => {
  test("writes the plans it answers, once", async () => {
    const { methods, written } = arrange();
    const report = await methods.guard({});
    expect(report.applied).toBe(true);
    expect(written).toEqual([report.agents]);
    expect(report.agents[0]?.changes.map(({ value }) => value)).toEqual(["node", SG_ID]);
  });

  test("a dry run writes nothing, and what is neither true nor false is not taken for one or the other", async () => {
    const { methods, written } = arrange();
    expect((await methods.guard({ dryRun: true })).applied).toBe(false);
    for (const dryRun of ["true", "no", 1, null])
      await expect(methods.guard({ dryRun })).rejects.toThrow("dryRun is true or false");
    expect(written).toEqual([]);
    expect((await methods.guard({ dryRun: false })).applied).toBe(true);
  });

  test("of agents that are no list is the caller's mistake, and never that of all", async () => {
    const { methods, written } = arrange();
    await expect(methods.guard({ agents: "worker-sg" })).rejects.toThrow("agents is a list of ids");
    expect(written).toEqual([]);
  });

  test("of an agent that nobody has is refused with the nearest one, and of one in other letters written", async () => {
    const { methods, written } = arrange();
    for (const ask of [methods.guard, methods.guardPlan])
      await expect(ask({ agents: ["worker-sg", "worker-gs"] })).rejects.toThrow(
        /^AGENT_UNKNOWN: no agent "worker-gs" is configured.*did you mean "worker-sg"/,
      );
    expect(written).toEqual([]);
    expect(await methods.guard({ agents: ["Worker SG"] })).toMatchObject({ applied: true });
  });

  test("with nothing to change nothing is written, so the gateway does not reload", async () => {
    const exec = { host: "node", node: SG_ID };
    const { methods, written } = arrange({
      hostConfig: { agents: { entries: { "worker-sg": { tools: { exec } } } } },
    });
    expect(await methods.guard({})).toMatchObject({ applied: false, agents: [{ state: "guarded" }] });
    expect(written).toEqual([]);
  });

  test("a write that fails is the caller's answer, and is not reported as applied", async () => {
    const deps = fakeDeps({ hostConfig: HOST });
    const methods = createMethods(deps, "1", () =>
      Promise.reject(new Error("config changed since last load")),
    );
    await expect(methods.guard({})).rejects.toThrow("config changed since last load");
  });
});
