// When no node fits: the rule that is next, how long to wait, full and ejected nodes, and the node that holds files.
import { describe, expect, test } from "vitest";
import { decisionMessage, fitLine } from "../../../src/nodeRouter/explain/message.ts";
import type { PlacementRequest } from "../../../src/nodeRouter/placement/model/decision.ts";
import type { Rule } from "../../../src/nodeRouter/placement/model/rule.ts";
import type {
  NodePressure,
  NodeSnapshot,
  NodeState,
} from "../../../src/nodeRouter/placement/model/snapshot.ts";
import { place } from "../../../src/nodeRouter/placement/place.ts";
import { makeNode } from "../../support/makeNode.ts";
import { makeRequest, makeRule, reasonsOf, selectorOf, snapshotOf, tagsOf } from "./arrange.ts";

const node = (name: string, tag: string, changes: Partial<NodeState> = {}) =>
  makeNode({ name, nodeId: name, tags: tagsOf(tag), ...changes });
const A = node("a", "first");
const B = node("b", "second");
const DOWN = { online: false };

const first = (onUnavailable: Rule["onUnavailable"], changes: Partial<Rule> = {}) =>
  makeRule({ name: "first", require: selectorOf("first"), onUnavailable, ...changes });
const SECOND = makeRule({ name: "second", agents: [], require: selectorOf("second") });
const RULES = [first({ next: "second" }), SECOND];

const under = (snapshot: NodeSnapshot, pressure: Record<string, Partial<NodePressure>>): NodeSnapshot => ({
  ...snapshot,
  pressure: new Map(
    Object.entries(pressure).map(([name, one]) => [name, { full: false, ejectedForMs: null, ...one }]),
  ),
});
const placed = (snapshot: NodeSnapshot, rules: readonly Rule[], request: Partial<PlacementRequest> = {}) =>
  place(makeRequest(request), snapshot, rules);

describe("a rule that is next", () => {
  test("is asked only where no node fits the first, and the decision says so", () => {
    expect(placed(snapshotOf(A, B), RULES)).toMatchObject({ rule: "first", node: { name: "a" } });
    const over = placed(snapshotOf({ ...A, ...DOWN }, B), RULES);
    expect(over).toMatchObject({ rule: "second", node: { name: "b" } });
    expect(decisionMessage(over)).toBe(
      'exec of agent "worker-sg" runs on b (SG, declared) · rule second · rule "second" is next, for 0/2 nodes fit rule "first" for exec: 1 didn\'t match "first", 1 was offline',
    );
  });

  test("that has no node either is refused with the words of both, in order", () => {
    const none = placed(snapshotOf({ ...A, ...DOWN }, { ...B, approval: "pending" }), RULES);
    expect(none.outcome).toBe("refused");
    expect(fitLine(none)).toBe(
      '0/2 nodes fit rule "first" for exec: 1 didn\'t match "first", 1 was offline; then 0/2 nodes fit rule "second" for exec: 1 didn\'t match "second", 1 was waiting for approval',
    );
  });

  test("speaks for nobody by itself, and is not asked for the agents and tools that it names", () => {
    expect(placed(snapshotOf(B), [SECOND])).toMatchObject({ outcome: "unrouted", rule: null });
    const other = { ...SECOND, agents: ["other"], tools: ["browser"] };
    expect(placed(snapshotOf(B), [first({ next: "second" }), other]).node?.name).toBe("b");
  });

  test("brings its own residency and its own taints", () => {
    const kept = { ...SECOND, residency: { allow: new Set(["DE"]), egress: false } };
    expect(reasonsOf(placed(snapshotOf(B), [first({ next: "second" }), kept]))).toEqual({
      b: "was outside the residency",
    });
    const tainted = { ...B, taints: [{ key: "prod", value: "", effect: "NoSchedule" }] } as const;
    expect(reasonsOf(placed(snapshotOf(tainted), RULES))).toEqual({ b: "had an untolerated taint" });
  });

  test("leaves the call to the gateway only where the last of them says so", () => {
    const end = (last: Rule["onUnavailable"]) =>
      placed(snapshotOf(), [first({ next: "second" }), { ...SECOND, onUnavailable: last }]).outcome;
    expect(end("gateway")).toBe("unrouted");
    expect(end("refuse")).toBe("refused");
  });

  test("in a circle is asked once: the call is refused and nothing hangs", () => {
    const circle = [first({ next: "second" }), { ...SECOND, onUnavailable: { next: "first" } }];
    expect(placed(snapshotOf(), circle).outcome).toBe("refused");
  });

  test("is near to where the agent's calls under it ran, not to where those of the first did", () => {
    const twin = { ...B, name: "b2", nodeId: "b2" };
    const where = { current: "b", currentUnder: (rule: string) => (rule === "second" ? "b2" : null) };
    expect(placed(snapshotOf(B, twin), RULES, where).node?.name).toBe("b2");
  });
});

describe("how long to wait", () => {
  const waits = first({ waitMs: 20_000 });

  test("is told where something passes by itself", () => {
    expect(placed(snapshotOf({ ...A, ...DOWN }), [waits]).waitMs).toBe(20_000);
    expect(placed(under(snapshotOf(A), { a: { full: true } }), [waits]).waitMs).toBe(20_000);
  });

  test("is nothing where only the config or the operator can change it, and where a node fits", () => {
    expect(placed(snapshotOf(B, { ...A, approval: "pending" }), [waits]).waitMs).toBeUndefined();
    expect(placed(snapshotOf(), [waits]).waitMs).toBeUndefined();
    expect(placed(snapshotOf(A), [waits]).waitMs).toBeUndefined();
    expect(placed(snapshotOf({ ...A, ...DOWN }), [first("refuse")]).waitMs).toBeUndefined();
  });

  test("is that of the last rule, where that one waits", () => {
    const rules = [first({ next: "second" }), { ...SECOND, onUnavailable: { waitMs: 5_000 } }];
    expect(placed(snapshotOf({ ...A, ...DOWN }, { ...B, ...DOWN }), rules).waitMs).toBe(5_000);
  });
});

describe("a node under pressure", () => {
  const A2 = { ...A, name: "a2", nodeId: "a2" };
  const rules = [first("refuse")];

  test("that is full takes no call, in counted words", () => {
    const full = under(snapshotOf(A, A2), { a: { full: true }, a2: { full: true } });
    expect(fitLine(placed(full, rules))).toBe('0/2 nodes fit rule "first" for exec: 2 were full');
    expect(placed(under(snapshotOf(A, A2), { a: { full: true } }), rules).node?.name).toBe("a2");
  });

  test("that is ejected takes none while another fits, and is counted", () => {
    const ejected = placed(under(snapshotOf(A, A2), { a: { ejectedForMs: 25_000 } }), rules);
    expect(ejected).toMatchObject({
      node: { name: "a2" },
      filtered: [{ reason: { one: "was ejected" }, count: 1 }],
    });
    expect(ejected.candidates()[0]).toMatchObject({ node: "a", detail: "for 25 s more" });
    expect(ejected.isLastResort).toBeUndefined();
  });

  test("that is ejected and the last one is used all the same, and the decision says so", () => {
    const last = placed(under(snapshotOf(A, B), { a: { ejectedForMs: 25_000 } }), rules);
    expect(last).toMatchObject({ node: { name: "a" }, isLastResort: true });
    expect(decisionMessage(last)).toMatch(/ · calls to it failed lately, and no other node is left$/);
  });

  test("that is both full and ejected stays full when nothing else is left", () => {
    const both = placed(under(snapshotOf(A), { a: { full: true, ejectedForMs: 1 } }), rules);
    expect(reasonsOf(both)).toEqual({ a: "was full" });
  });
});

describe("the node that holds files", () => {
  const A2 = { ...A, name: "a2", nodeId: "a2" };
  const held = (
    snapshot: NodeSnapshot,
    rules: readonly Rule[] = [first("refuse")],
    request: Partial<PlacementRequest> = {},
  ) => placed(snapshot, rules, { held: "a2", ...request });

  test("is chosen while it fits, whatever ranks first", () => {
    expect(held(snapshotOf(A, A2)).node?.name).toBe("a2");
    expect(held(under(snapshotOf(A, A2), { a2: { ejectedForMs: 1 } }))).toMatchObject({
      node: { name: "a2" },
      isLastResort: true,
    });
  });

  test("is waited for while it is away, and no other one is as good", () => {
    const away = held(snapshotOf(A, { ...A2, ...DOWN }), [first({ waitMs: 1_000 })]);
    expect(away).toMatchObject({
      outcome: "refused",
      waitMs: 1_000,
      away: { node: "a2", passing: "is offline" },
    });
    expect(fitLine(away)).toBe(
      '0/2 nodes fit rule "first" for exec: 1 was offline, 1 did not hold the files of earlier calls',
    );
  });

  test("is left for the rule that is next, or for the gateway, where its rule says so", () => {
    expect(held(snapshotOf(A, { ...A2, ...DOWN }, B), RULES)).toMatchObject({
      rule: "second",
      node: { name: "b" },
    });
    expect(held(snapshotOf(A, { ...A2, ...DOWN }), [first("gateway")]).outcome).toBe("unrouted");
  });

  test("means nothing any more when the rules mean it no longer, or nobody knows it", () => {
    expect(held(snapshotOf(A, { ...A2, tags: tagsOf("other") })).node?.name).toBe("a");
    expect(held(snapshotOf(A)).node?.name).toBe("a");
  });

  test("stays by the rule that is next, when the first has a node again", () => {
    expect(placed(snapshotOf(A, B), RULES, { held: "b" })).toMatchObject({
      rule: "second",
      node: { name: "b" },
    });
  });

  test("takes calls that start nothing although it is full", () => {
    const full = under(snapshotOf(A, A2), { a2: { full: true } });
    expect(held(full).outcome).toBe("refused");
    expect(held(full, [first("refuse")], { startsNothing: true }).node?.name).toBe("a2");
  });
});
