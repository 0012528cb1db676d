// What `describe` gathers about one node, agent or rule, and that it says no more than the methods beside it.
import { describe, expect, test } from "vitest";
import { LEDGER } from "../../../../src/nodeRouter/ledger/ledger.ts";
import { describeOne } from "../../../../src/nodeRouter/surfaces/methods/describeMethod.ts";
import { createMethods } from "../../../../src/nodeRouter/surfaces/methods/methods.ts";
import { fakeDeps, START_MS as NOW_MS } from "../../../support/fakeDeps.ts";
import { command, ledgerIn, RAN } from "../../ledger/arrange.ts";
import { hostOf } from "../doctor/arrange.ts";

const CONFIG = {
  nodes: {
    "mac-sg": { tags: ["region=sg"], taints: ["prod:NoSchedule"] },
    "mac-cn": { tags: ["region=cn"] },
  },
  rules: [
    {
      name: "singapore",
      agents: ["worker-*"],
      require: "region=sg",
      tolerate: ["prod", "gpu=a100:NoExecute", "*"],
    },
    { name: "anywhere", agents: ["worker-sg"], tools: ["browser"] },
  ],
};

function arrange() {
  const deps = fakeDeps({ config: CONFIG, hostConfig: hostOf({}) });
  const methods = createMethods(deps, "1.2.3", async () => {});
  const of = (kind: string, name: string) => describeOne(deps, methods, { kind, name });
  return { deps, methods, of };
}

test("a node: its facts, the rules whose selector it matches, and what holds it", async () => {
  const report = await arrange().of("node", "mac-sg");
  expect(report).toMatchObject({
    kind: "node",
    node: { name: "mac-sg", taints: ["prod:NoSchedule"] },
    rules: ["singapore", "anywhere"],
    holds: { node: "mac-sg", done: true },
    events: [],
    calls: null,
  });
  expect(await arrange().of("node", "mac-cn")).toMatchObject({ rules: ["anywhere"] });
});

test("an agent in any spelling: its status, its exec explained, and every rule that names it", async () => {
  const { methods, of } = arrange();
  const report = await of("agent", "Worker-SG");
  const { agents } = await methods.status();
  expect(report).toMatchObject({
    agent: agents.find(({ agent }) => agent === "worker-sg"),
    explain: { agent: "worker-sg", tool: "exec", rule: "singapore", node: "mac-sg" },
  });
  expect(report.kind === "agent" && report.rules.map(({ name }) => name)).toEqual(["singapore", "anywhere"]);
});

test("a rule: as the config means it, whose exec it decides, and which nodes its selector matches", async () => {
  const report = await arrange().of("rule", "singapore");
  expect(report).toMatchObject({
    rule: {
      path: "plugins.entries.node-router.config.rules[0]",
      require: "region=sg",
      tolerate: ["prod", "gpu=a100:NoExecute", "*"],
      tools: null,
      onUnavailable: "refuse",
    },
    nodes: [{ name: "mac-sg" }],
  });
  expect(report.kind === "rule" && report.agents.map(({ agent }) => agent)).toContain("worker-sg");
  // It names the agent, and decides about its browser alone.
  expect(await arrange().of("rule", "anywhere")).toMatchObject({ agents: [] });
});

describe("the newest calls", () => {
  test("are its own, with the words of refusals and no text of a command", async () => {
    const { deps, of } = arrange();
    deps.clockMs = NOW_MS;
    await using ledger = ledgerIn("best-effort");
    deps.memory.part(LEDGER).current = ledger.audit;
    ledger.audit.end(command({ id: "mine" }), RAN);
    ledger.audit.end(command({ id: "other", agent: "worker-cn", node: "mac-cn", rule: "china" }), RAN);
    for (const [kind, name] of [
      ["node", "mac-sg"],
      ["agent", "worker-sg"],
      ["rule", "singapore"],
    ] as const) {
      const report = await of(kind, name);
      expect(report.calls?.map(({ id }) => id)).toEqual(["mine"]);
      expect(JSON.stringify(report.calls)).not.toContain("echo");
    }
  });

  test("of a name that no call was for are none, and no mistake", async () => {
    const { deps, of } = arrange();
    await using ledger = ledgerIn("best-effort");
    deps.memory.part(LEDGER).current = ledger.audit;
    expect((await of("node", "mac-cn")).calls).toEqual([]);
  });
});

test.each([
  [{ kind: "node" }, "describe needs a name"],
  [{ kind: "thing", name: "x" }, "describe takes node, agent, rule"],
  [{ kind: "node", name: "mac-gs" }, 'no node "mac-gs" is known; did you mean "mac-sg"?'],
  [{ kind: "rule", name: "singapor" }, 'no rule "singapor" is configured; did you mean "singapore"?'],
  [{ kind: "agent", name: "worker-gs" }, "AGENT_UNKNOWN: "],
])("%j is the caller's mistake", async (params, message) => {
  const { deps, methods } = arrange();
  await expect(describeOne(deps, methods, params)).rejects.toThrow(message);
});
