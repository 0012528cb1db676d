// A rule that is next, everywhere where rules are asked: sessions, tests, guard, what may still be sent, hosted turns.
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../src/config/resolve.ts";
import type { NodeState } from "../../../src/nodeRouter/placement/model/snapshot.ts";
import { barredProblem } from "../../../src/nodeRouter/policy/barred.ts";
import { runConfigTests } from "../../../src/nodeRouter/policy/configTests.ts";
import { hostingProblem } from "../../../src/nodeRouter/policy/hosting.ts";
import { decideSession } from "../../../src/nodeRouter/policy/sessionNode.ts";
import { allowedNodes } from "../../../src/nodeRouter/policy/toolPlacement.ts";
import { NO_LAST_NODES } from "../../../src/nodeRouter/state/lastNodes.ts";
import { planGuard } from "../../../src/nodeRouter/surfaces/guard/guardPlan.ts";
import { refusalText } from "../../../src/shared/refusal.ts";
import { makeNode } from "../../support/makeNode.ts";
import { explained, policyOf, worldWith } from "./arrange.ts";

const tags = (tag: string) => new Map([[tag, ""]]);
const A = makeNode({ name: "a", nodeId: "a".repeat(64), tags: tags("first") });
const B = makeNode({ name: "b", nodeId: "b".repeat(64), tags: tags("second") });
const snapshot = (...nodes: NodeState[]) => ({ nodes, takenAtMs: 1_000, gatewayLocation: null });
const DOWN = { online: false, sshReachable: false };

const configOf = (first: object = {}, second: object = {}, more: object = {}) =>
  resolveConfig({
    nodes: {
      a: { tags: ["first"], ssh: {}, workspace: "/work" },
      b: { tags: ["second"], ssh: {}, workspace: "/work", taints: ["prod:NoSchedule"] },
    },
    rules: [
      { name: "first", agents: ["worker-sg"], require: "first", onUnavailable: { next: "second" }, ...first },
      { name: "second", agents: [], require: "second", tolerate: ["prod"], ...second },
    ],
    ...more,
  });
const CONFIG = configOf();

test("explain says which rules were asked, as a real call would be told", () => {
  expect(explained(CONFIG, {}, snapshot({ ...A, ...DOWN }, B))).toMatchObject({
    rule: "second",
    node: "b",
    message: expect.stringContaining('rule "second" is next, for 0/2 nodes fit rule "first" for exec: '),
  });
});

test("explain says how long a call would wait, where waiting helps, and nothing of it where it does not", () => {
  const said = (node: NodeState) =>
    explained(configOf({ onUnavailable: { wait: "20s" } }), {}, snapshot(node)).message;
  expect(said({ ...A, ...DOWN })).toMatch(/ Before that, a call waits 20 s for it to change\.$/);
  expect(said(B)).not.toContain("waits");
  expect(said(A)).not.toContain("waits");
});

test("a test of the config knows the rule that is next when it takes nodes down", () => {
  const config = configOf(
    {},
    {},
    {
      tests: [
        { agent: "worker-sg", expect: "node:a" },
        { agent: "worker-sg", down: ["a"], expect: "node:b" },
        { agent: "worker-sg", down: ["a", "b"], expect: "refused" },
      ],
    },
  );
  expect(config.problems).toEqual([]);
  expect(runConfigTests(config, null, snapshot(A, B)).map(({ passed }) => passed)).toEqual([
    true,
    true,
    true,
  ]);
});

describe("a session whose workspace is on a node", () => {
  const policy = policyOf(CONFIG, "worker-sg", "workspace");
  const at = (kept: string | null, ...nodes: NodeState[]) =>
    decideSession(
      policy,
      kept === null ? null : { node: kept, over: "ssh" },
      worldWith(CONFIG, snapshot(...nodes), "workspace"),
      NO_LAST_NODES,
    );

  test("begins by the rule that is next, stays there when the first has a node again, and is placed by it", () => {
    expect(at(null, { ...A, ...DOWN }, B)).toMatchObject({ ok: true, node: { name: "b" } });
    expect(at("b", A, B)).toMatchObject({ ok: true, node: { name: "b" }, placement: { rule: "second" } });
  });

  test("does not go to the rule that is next because its node is away", () => {
    const place = at("a", { ...A, ...DOWN }, B);
    expect(place.ok ? "placed" : refusalText(place.refusal)).toMatch(
      /^NODE_UNREACHABLE: node "a", which holds the files of this session, is offline; .* a new session goes to node "b"/,
    );
  });

  test("waits for its node where the rule that means it waits, and not where another does", () => {
    const wait = { onUnavailable: { wait: "5s" } };
    const waiting = (config: typeof CONFIG, kept: string) =>
      decideSession(
        policyOf(config, "worker-sg", "workspace"),
        { node: kept, over: "ssh" },
        worldWith(config, snapshot({ ...A, ...DOWN }, { ...B, ...DOWN }), "workspace"),
        NO_LAST_NODES,
      );
    expect(waiting(configOf({}, wait), "b")).toMatchObject({ ok: false, waitMs: 5_000 });
    expect(waiting(configOf({}, wait), "a")).toMatchObject({ ok: false, waitMs: undefined });
  });
});

test("what bars a node is asked of the rule that means it: a taint that the next one tolerates bars nothing", () => {
  const tainted = { ...B, taints: [{ key: "prod", value: "", effect: "NoSchedule" }] } as const;
  const problem = (config: typeof CONFIG) =>
    barredProblem(policyOf(config), ({ name }) => name === "b", snapshot(A, tainted));
  expect(problem(CONFIG)).toBeNull();
  expect(problem(configOf({}, { tolerate: [] }))).toBe("had an untolerated taint (prod:NoSchedule)");
});

test("the nodes of the rule that is next are allowed too, and the guard binds none of several", () => {
  const nodes = snapshot(A, B);
  expect(allowedNodes(policyOf(CONFIG), nodes).map(({ name }) => name)).toEqual(["a", "b"]);
  const hostConfig = { agents: { entries: { "worker-sg": {} } } };
  const [plan] = planGuard(CONFIG, hostConfig, nodes);
  expect(plan).toMatchObject({ state: "unguarded", changes: [{ value: "node" }] });
  const [open] = planGuard(configOf({}, { onUnavailable: "gateway" }), hostConfig, nodes);
  expect(open).toMatchObject({
    state: "impossible",
    note: expect.stringContaining('rule "second" says onUnavailable'),
  });
});

test("an agent may use the gateway only by the last of its rules, and by that one's residency", () => {
  expect(policyOf(configOf({}, { onUnavailable: "gateway" })).mayUseGateway).toBe(true);
  expect(policyOf(CONFIG).mayUseGateway).toBe(false);
  const kept = { onUnavailable: "gateway", residency: { allow: ["SG"] } };
  expect(policyOf(configOf({}, kept)).mayUseGateway).toBe(false);
});

test("a whole turn is hosted by the rule that is next only while the first has no node, full or not", () => {
  const hosted = (...nodes: NodeState[]) => {
    const pressure = new Map(nodes.map(({ name }) => [name, { full: true, ejectedForMs: null }]));
    return hostingProblem(policyOf(CONFIG), "b".repeat(64), { ...snapshot(...nodes), pressure });
  };
  expect(hosted({ ...A, ...DOWN }, B)).toBeNull();
  expect(hosted(A, B)).toContain('(rule "first")');
});
