// The whole doctor: a clean deployment, the plugin's own state, config and guard.
import { describe, expect, test } from "vitest";
import { createCounters } from "../../../../src/nodeRouter/state/counters.ts";
import { runDoctor } from "../../../../src/nodeRouter/surfaces/doctor/doctor.ts";
import { REFERENCE_CONFIG } from "../../../config/support.ts";
import {
  findingsOf,
  guarded,
  hostEntry,
  hostOf,
  inputOf,
  linesOf,
  NODES,
  oddities,
  ruleFor,
} from "./arrange.ts";

const CONFIG = "plugins.entries.node-router.config";
const CLEAN = { host: guarded({ host: hostOf({ "cn-1": {} }) }) };

describe("a clean deployment", () => {
  test("the reference rules give no finding once guarded", () => {
    expect(runDoctor(inputOf(CLEAN))).toEqual({ ok: true, findings: [] });
  });

  test("a glob for agents to come is a note, not a reason to fail; of a rule without any agent it is a warning", () => {
    const { ok, findings } = runDoctor(inputOf({ host: guarded() }));
    expect([ok, linesOf(findings)]).toEqual([
      true,
      [`info node-router/config-agent-unknown ${CONFIG}.rules[1].agents[1]`],
    ]);
    const idle = findingsOf({ router: ruleFor({ agents: ["sg-*"] }) });
    expect(linesOf(idle)).toEqual([`warning node-router/config-agent-unknown ${CONFIG}.rules[0].agents[0]`]);
  });

  test("an exact id that no agent has is a warning even beside others", () => {
    const router = ruleFor({ agents: ["worker-sg", "wroker-cn"] });
    const found = findingsOf({ router, host: guarded({ router }) });
    expect(found.map(({ severity, message, fix }) => [severity, message, fix])).toEqual([
      ["warning", 'rule "singapore": no agent has the id "wroker-cn"', 'did you mean "worker-cn"?'],
    ]);
  });
});

describe("the plugin itself", () => {
  test("hooks that are not live are an error; live and starting ones are nothing", () => {
    const [found] = findingsOf({ ...CLEAN, doctor: { hooks: "not-live" } });
    expect(found).toEqual({
      id: "node-router/hooks-not-live",
      severity: "error",
      message:
        "the gateway runs agents without node-router's hooks, so their commands are not placed and may run on the gateway",
      path: "plugins.entries.node-router",
      fix: 'run "openclaw plugins reload node-router", or restart the gateway',
    });
    expect(findingsOf({ ...CLEAN, doctor: { hooks: "starting" } })).toEqual([]);
  });

  test("without a rule nobody misses the hooks: a fresh install is not broken", () => {
    const { ok, findings } = runDoctor(inputOf({ router: {}, doctor: { hooks: "not-live" } }));
    expect([ok, linesOf(findings)]).toEqual([
      true,
      ["info node-router/hooks-not-live plugins.entries.node-router"],
    ]);
  });

  test("agents seen without hooks are named in order", () => {
    const missedAgents = new Set(["worker-sg", "worker-cn"]);
    expect(findingsOf({ ...CLEAN, doctor: { missedAgents } })[0]).toMatchObject({
      id: "node-router/hooks-missed",
      severity: "error",
      message: `exec of "worker-cn", "worker-sg" ran without node-router's hooks, so no rule chose the machine`,
    });
  });

  test("mismatches are an error, runs that were stopped a warning, other counters nothing", () => {
    const counters = {
      ...createCounters(),
      placed: 5,
      refused: 3,
      unrouted: 9,
      mismatches: 2,
      runsRefused: 1,
    };
    expect(linesOf(findingsOf({ ...CLEAN, doctor: { counters } }))).toEqual([
      "error node-router/node-mismatch null",
      "warning node-router/runs-refused null",
    ]);
    const quiet = { ...createCounters(), placed: 5, refused: 3, unrouted: 9 };
    expect(findingsOf({ ...CLEAN, doctor: { counters: quiet } })).toEqual([]);
  });

  test("shadow mode is a note, and asks for no guard", () => {
    const router = { ...REFERENCE_CONFIG, mode: "shadow" };
    expect(linesOf(findingsOf({ router, host: hostOf({ "cn-1": {} }) }))).toEqual([
      `info node-router/shadow-mode ${CONFIG}.mode`,
    ]);
  });
});

describe("config", () => {
  test("every problem keeps its path and suggestion, errors before warnings", () => {
    const router = {
      ...REFERENCE_CONFIG,
      gateway: { location: { country: "cn" } },
      nodes: { ...REFERENCE_CONFIG.nodes, x: { tags: ["a=b=c"] } },
    };
    const found = findingsOf({ ...CLEAN, router });
    expect(found.map(({ severity, id }) => `${severity} ${id}`)).toEqual(
      expect.arrayContaining([
        "error node-router/config-location-invalid",
        "error node-router/config-tag-invalid",
      ]),
    );
    expect(found.find(({ id }) => id.endsWith("location-invalid"))).toMatchObject({
      fix: 'did you mean "CN"?',
      path: `${CONFIG}.gateway.location.country`,
    });
    const order = found.map(({ severity }) => ["error", "warning", "info"].indexOf(severity));
    expect(order).toEqual([...order].sort());
  });

  test.each([
    { require: "region!=cn" },
    { require: "!spot" },
    { require: "node.os=linux" },
    { require: undefined },
  ])("a rule with %j is open to nodes that are paired later", (changes) => {
    const nodes = [...NODES, hostEntry("stranger", "99".repeat(32))];
    const open = oddities({ router: ruleFor(changes), nodes }).find(
      ({ id }) => id === "node-router/rule-open",
    );
    expect(open?.message).toMatch(/^rule "singapore" asks for no tag .* paired later \(now: "stranger"\)$/);
    expect([open?.severity, open?.path]).toEqual(["warning", `${CONFIG}.rules[0].require`]);
  });

  test("only nodes that the open rule takes in are named", () => {
    const nodes = [...NODES, hostEntry("stranger", "99".repeat(32), { platform: "windows" })];
    const [open] = oddities({ router: ruleFor({ require: "node.os!=windows" }), nodes });
    expect(open?.message).toMatch(/paired later$/);
  });

  test.each(["region=sg", "gpu,region!=cn", "node.name=mac-sg", "node.country=SG", "region in (sg,hk)"])(
    "%s is closed: a node that is only paired never has it",
    (require) => {
      expect(oddities({ router: ruleFor({ require }) })).toEqual([]);
    },
  );
});

describe("guard", () => {
  test("what is missing is named, so that it reads true for a half guard as well", () => {
    const host = hostOf({ "worker-sg": { tools: { exec: { host: "node" } } } });
    const found = findingsOf({ router: ruleFor({}), host });
    expect(found.map(({ id, severity, message }) => [id, severity, message])).toEqual([
      [
        "node-router/guard-missing",
        "warning",
        `agent "worker-sg" has no complete guard: without the plugin OpenClaw would not keep its commands to rule "singapore" (missing: node "5a5a5a5a5a5a")`,
      ],
    ]);
  });

  test("a guard that cannot be complete is a note with the reason, and only once written", () => {
    const router = ruleFor({ require: "region" });
    expect(linesOf(findingsOf({ router }))).toEqual([
      "warning node-router/guard-missing agents.entries.worker-sg.tools.exec",
    ]);
    expect(linesOf(findingsOf({ router, host: guarded({ router }) }))).toEqual([
      "info node-router/guard-incomplete agents.entries.worker-sg.tools.exec",
    ]);
  });
});

test.each([
  null,
  [],
  "x",
  5,
  { agents: "x", tools: "x", plugins: [] },
  { agents: { entries: { "worker-sg": null } } },
])("a host config of %j throws nothing", (host) => {
  expect(() => findingsOf({ host })).not.toThrow();
});
