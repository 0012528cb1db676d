// What guard would write, and how far the host then holds without the plugin.
import { describe, expect, test } from "vitest";
import {
  CN_ID,
  guarded,
  hostEntry,
  hostOf,
  NODES,
  planOf,
  plansOf,
  ruleFor,
  SG_ID,
} from "../doctor/arrange.ts";

const EXEC = "agents.entries.worker-sg.tools.exec";
const ALONE = "without the plugin OpenClaw would use whichever node is the only one connected";
const SG2 = hostEntry("mac-sg-2", "77".repeat(32));
const OPEN = { router: ruleFor({ require: "region!=cn" }), nodes: [...NODES, SG2] };

test("one possible node: host and node are written, the node by id and not by its name", () => {
  expect(planOf()).toEqual({
    agent: "worker-sg",
    rule: "singapore",
    state: "unguarded",
    changes: [
      { path: `${EXEC}.host`, value: "node", current: null },
      { path: `${EXEC}.node`, value: SG_ID, current: null },
    ],
    note: null,
  });
});

test("the possible node counts while it is offline or unapproved: the guard outlives the moment", () => {
  for (const changes of [{ connected: false }, { approvalState: "pending-approval", commands: [] }]) {
    const nodes = [hostEntry("mac-sg", SG_ID, changes), hostEntry("mac-cn", CN_ID)];
    expect(planOf({ nodes }).changes.map(({ value }) => value)).toEqual(["node", SG_ID]);
  }
});

describe("several possible nodes", () => {
  const note = `rule "singapore" can choose among 2 nodes, and ${ALONE}, right or wrong`;

  test("host only, and never one of them", () => {
    expect(planOf(OPEN)).toMatchObject({
      state: "unguarded",
      changes: [{ path: `${EXEC}.host`, value: "node", current: null }],
      note,
    });
  });

  test("once written it is partial, not guarded", () => {
    expect(planOf({ ...OPEN, host: guarded(OPEN) })).toMatchObject({ state: "partial", changes: [], note });
  });

  test("a node bound when there was one is unbound: the host would refuse the others", () => {
    const host = hostOf({ "worker-sg": { tools: { exec: { host: "node", node: SG_ID } } } });
    expect(planOf({ ...OPEN, host })).toMatchObject({
      state: "unguarded",
      changes: [{ path: `${EXEC}.node`, value: null, current: SG_ID }],
    });
  });

  test("a node bound for all agents cannot be unbound for one, so nothing is planned that would not help", () => {
    const host = hostOf({}, { tools: { exec: { host: "node", node: SG_ID } } });
    expect(planOf({ ...OPEN, host })).toMatchObject({ state: "partial", changes: [] });
  });
});

describe("no paired node matches", () => {
  const NO_SSH = { ...ruleFor({}), nodes: { "mac-sg": { tags: ["region=sg"], workspace: "/w" } } };
  const nodes = [hostEntry("mac-cn", CN_ID)];

  test("host only, and the note says what that leaves open", () => {
    expect(planOf({ router: NO_SSH, nodes })).toMatchObject({
      changes: [{ path: `${EXEC}.host`, value: "node", current: null }],
      note: `no paired node matches rule "singapore" now, and ${ALONE}; run guard again when one matches`,
    });
  });

  test("a node that is bound already stays bound: looser is no guard", () => {
    expect(planOf({ nodes, host: guarded() })).toMatchObject({ state: "partial", changes: [] });
  });

  test("a node list that was never read binds nothing", () => {
    expect(planOf({ nodes: null }).changes.map(({ path }) => path)).toEqual([`${EXEC}.host`]);
  });
});

describe("where the config stands against a guard", () => {
  test('onUnavailable: "gateway" is impossible, and nothing is written', () => {
    expect(planOf({ router: ruleFor({ onUnavailable: "gateway" }) })).toEqual({
      agent: "worker-sg",
      rule: "singapore",
      state: "impossible",
      changes: [],
      note: 'rule "singapore" says onUnavailable: "gateway", so the host must be free to use the gateway',
    });
  });

  test("shadow mode changes nothing, the guard included", () => {
    const { state, changes, note } = planOf({ router: { ...ruleFor({}), mode: "shadow" } });
    expect([state, changes]).toEqual(["impossible", []]);
    expect(note).toBe('mode is "shadow", in which nothing may change; run guard again when it is "enforce"');
  });

  test("a rule in error does not let a later rule bind the agent to the wrong node", () => {
    const rules = [
      { name: "singapore", agents: ["worker-sg"], require: "region=" },
      { name: "rest", agents: ["*"], require: "region in (cn" },
      { name: "china", agents: ["*"], require: "region=cn" },
    ];
    expect(planOf({ router: { ...ruleFor({}), rules } })).toMatchObject({
      rule: null,
      state: "impossible",
      changes: [],
      note: expect.stringMatching(
        /^the config error at plugins\.\S+rules\[\d\]\.require hides its rule; mend it, then/,
      ),
    });
  });
});

test("globs become one plan for each configured agent that they match, and none for others", () => {
  const host = hostOf({ "cn-1": {}, "cn-2": {}, "sg-1": {} });
  expect(plansOf({ host }).map(({ agent }) => agent)).toEqual(["worker-cn", "worker-sg", "cn-1", "cn-2"]);
});

test("a rule that lists other tools than exec needs no guard", () => {
  expect(plansOf({ router: ruleFor({ tools: ["browser"] }) })).toEqual([]);
});

test("a gateway-wide host is inherited: only what is missing is written, and the agent's own value wins", () => {
  const all = { tools: { exec: { host: "node" } } };
  expect(planOf({ host: hostOf({}, all) }).changes.map(({ path }) => path)).toEqual([`${EXEC}.node`]);
  const own = hostOf({ "worker-sg": { tools: { exec: { host: "gateway" } } } }, all);
  expect(planOf({ host: own }).changes[0]).toEqual({
    path: `${EXEC}.host`,
    value: "node",
    current: "gateway",
  });
});

test.each([
  null,
  undefined,
  "text",
  7,
  [],
  { agents: "x" },
  { agents: { entries: [] } },
  { agents: { entries: null } },
])("a host config of %j has no agents and throws nothing", (host) => {
  expect(plansOf({ host: host ?? {} })).toEqual([]);
});

test("settings of the wrong type are overwritten, not believed", () => {
  const host = hostOf({
    "worker-sg": { tools: "all" },
    "worker-cn": { tools: { exec: { host: 5, node: {} } } },
  });
  expect(plansOf({ host }).flatMap(({ changes }) => changes.map(({ current }) => current))).toEqual([
    null,
    null,
    null,
    null,
  ]);
});
