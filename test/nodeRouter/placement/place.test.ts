// Which rule decides, which node wins, and what the record says.
import { describe, expect, test } from "vitest";
import { place } from "../../../src/nodeRouter/placement/place.ts";
import { makeNode } from "../../support/makeNode.ts";
import {
  makeRequest,
  makeRule,
  prefer,
  reasonsOf,
  recordOf,
  selectorOf,
  snapshotOf,
  tagsOf,
} from "./arrange.ts";

const SG = makeNode();
const CN = makeNode({ name: "mac-cn", tags: tagsOf("region=cn") });

describe("which rule decides", () => {
  const first = makeRule({ name: "first" });
  const second = makeRule({ name: "second" });
  const ruleFor = (request: Parameters<typeof makeRequest>[0], ...rules: ReturnType<typeof makeRule>[]) =>
    place(makeRequest(request), snapshotOf(SG), rules).rule;

  test("the first rule that names the agent, not a later one", () => {
    expect(ruleFor({}, first, second)).toBe("first");
    expect(ruleFor({}, second, first)).toBe("second");
  });

  test("an earlier glob wins over a later exact id, and the other way round", () => {
    const glob = makeRule({ name: "glob", agents: ["worker-*"] });
    expect(ruleFor({}, glob, first)).toBe("glob");
    expect(ruleFor({}, first, glob)).toBe("first");
  });

  test("a rule that names the agent twice still counts once, at its own place", () => {
    expect(ruleFor({}, makeRule({ name: "twice", agents: ["worker-*", "worker-sg"] }), first)).toBe("twice");
  });

  test("a rule limited to other tools is passed over, also when it names the agent exactly", () => {
    const files = makeRule({ name: "files", tools: ["read", "write"] });
    const glob = makeRule({ name: "glob", agents: ["*"], tools: ["exec"] });
    expect(ruleFor({ tool: "exec" }, files, second)).toBe("second");
    expect(ruleFor({ tool: "read" }, files, second)).toBe("files");
    expect(ruleFor({ tool: "exec" }, files, glob)).toBe("glob");
    expect(ruleFor({ tool: "write" }, glob, files)).toBe("files");
  });

  test("an agent is found in whatever case it is written", () => {
    expect(ruleFor({ agent: "Worker-SG" }, first)).toBe("first");
    expect(ruleFor({ agent: "Worker-S" }, first)).toBe(null);
  });

  test("an agent id that every object has as a property names no rule by accident", () => {
    expect(ruleFor({ agent: "constructor" }, first)).toBe(null);
    expect(ruleFor({ agent: "__proto__" }, first)).toBe(null);
    expect(ruleFor({ agent: "__proto__" }, makeRule({ name: "proto", agents: ["__proto__"] }))).toBe("proto");
  });
});

describe("outcome", () => {
  test("no rule: unrouted, and no node is looked at", () => {
    const request = makeRequest({ agent: "master" });
    expect(recordOf(place(request, snapshotOf(SG, CN), [makeRule()]))).toEqual({
      outcome: "unrouted",
      request,
      rule: null,
      node: null,
      transport: null,
      keptInsteadOf: null,
      total: 0,
      filtered: [],
      fitting: 0,
      candidates: [],
    });
  });

  test("placed: the whole record", () => {
    const rule = makeRule({
      require: selectorOf("region=sg"),
      prefer: [prefer("gpu", 50), prefer("spot", -50)],
    });
    const gpu = makeNode({ name: "gpu-sg", tags: tagsOf("region=sg", "gpu") });
    const mismatch = {
      filter: "selector",
      one: 'didn\'t match "region=sg"',
      many: 'didn\'t match "region=sg"',
      about: "rule",
    };
    expect(recordOf(place(makeRequest(), snapshotOf(SG, gpu, CN), [rule]))).toEqual({
      outcome: "placed",
      request: makeRequest(),
      rule: "singapore",
      node: gpu,
      transport: "node",
      keptInsteadOf: null,
      total: 3,
      filtered: [{ reason: mismatch, count: 1 }],
      fitting: 2,
      candidates: [
        {
          node: "gpu-sg",
          fits: true,
          transport: "node",
          reason: null,
          passing: null,
          score: 50,
          scores: { gpu: 50, spot: 0 },
        },
        {
          node: "mac-cn",
          fits: false,
          transport: null,
          reason: mismatch,
          passing: null,
          score: null,
          scores: {},
        },
        {
          node: "mac-sg",
          fits: true,
          transport: "node",
          reason: null,
          passing: null,
          score: 0,
          scores: { gpu: 0, spot: 0 },
        },
      ],
    });
  });

  test("a workspace binding is placed over SSH, on the very same node", () => {
    const decision = place(makeRequest({ binding: "workspace" }), snapshotOf(SG), [makeRule()]);
    expect(decision.node).toBe(SG);
    expect(decision.transport).toBe("ssh");
  });

  test("no node fits: refused, never the gateway unless it is written", () => {
    const offline = snapshotOf(makeNode({ online: false }));
    expect(place(makeRequest(), offline, [makeRule()]).outcome).toBe("refused");
    const decision = place(makeRequest(), offline, [makeRule({ onUnavailable: "gateway" })]);
    expect(decision.outcome).toBe("unrouted");
    expect(decision.rule).toBe("singapore");
    expect(decision.transport).toBe(null);
  });

  test('onUnavailable: "gateway" does not send a call to the gateway while a node fits', () => {
    expect(place(makeRequest(), snapshotOf(SG), [makeRule({ onUnavailable: "gateway" })]).node).toBe(SG);
  });

  test("a rule that cannot place does not hand over to the next rule", () => {
    const here = makeRule({ name: "here", require: selectorOf("region=hk") });
    const decision = place(makeRequest(), snapshotOf(SG), [here, makeRule({ name: "anywhere" })]);
    expect([decision.outcome, decision.rule]).toEqual(["refused", "here"]);
  });

  test("no nodes at all: refused with nothing counted", () => {
    const decision = place(makeRequest(), snapshotOf(), [makeRule()]);
    expect([decision.outcome, decision.total, decision.fitting, decision.filtered]).toEqual([
      "refused",
      0,
      0,
      [],
    ]);
    expect(decision.candidates()).toEqual([]);
  });

  test("reasons are counted, most frequent first, equal counts in filter order", () => {
    const nodes = [
      makeNode({ name: "a", online: false }),
      makeNode({ name: "b", tags: tagsOf("region=cn") }),
      makeNode({ name: "c", approval: "pending" }),
      makeNode({ name: "d", approval: "pending" }),
      makeNode({ name: "e", online: null }),
    ];
    const decision = place(makeRequest(), snapshotOf(...nodes), [
      makeRule({ require: selectorOf("region=sg") }),
    ]);
    expect(decision.filtered.map(({ reason, count }) => [count, reason.one])).toEqual([
      [2, "was waiting for approval"],
      [1, 'didn\'t match "region=sg"'],
      [1, "was offline"],
      [1, "had unknown presence"],
    ]);
    expect(reasonsOf(decision)).toEqual({
      a: "was offline",
      b: 'didn\'t match "region=sg"',
      c: "was waiting for approval",
      d: "was waiting for approval",
      e: "had unknown presence",
    });
  });
});

describe("scores", () => {
  const plain = makeNode({ name: "plain", tags: tagsOf() });
  const gpu = makeNode({ name: "with-gpu", tags: tagsOf("gpu") });
  const winner = (rule: ReturnType<typeof makeRule>) =>
    place(makeRequest(), snapshotOf(plain, gpu), [rule]).node?.name;
  const scores = (rule: ReturnType<typeof makeRule>) =>
    place(makeRequest(), snapshotOf(plain, gpu), [rule])
      .candidates()
      .map(({ score }) => score);

  test("a positive weight attracts, a negative one repels, and neither is a condition", () => {
    expect(winner(makeRule({ prefer: [prefer("gpu", 50)] }))).toBe("with-gpu");
    expect(winner(makeRule({ prefer: [prefer("gpu", -50)] }))).toBe("plain");
    expect(
      place(makeRequest(), snapshotOf(plain), [makeRule({ prefer: [prefer("gpu", 50)] })]).node?.name,
    ).toBe("plain");
    expect(
      place(makeRequest(), snapshotOf(gpu), [makeRule({ prefer: [prefer("gpu", -50)] })]).node?.name,
    ).toBe("with-gpu");
  });

  test("matching weights are divided by all absolute weights, as Nomad does", () => {
    expect(scores(makeRule({ prefer: [prefer("gpu", 50), prefer("region=sg", 100)] }))).toEqual([0, 33.33]);
    expect(scores(makeRule({ prefer: [prefer("gpu", -50), prefer("region=sg", 50)] }))).toEqual([0, -50]);
    expect(scores(makeRule({ prefer: [prefer("gpu", 10)] }))).toEqual([0, 100]);
  });

  test("weights of zero give zero, not a division by zero", () => {
    expect(scores(makeRule({ prefer: [prefer("gpu", 0)] }))).toEqual([0, 0]);
  });

  test("a rule that prefers nothing has no score, which is not a score of zero", () => {
    expect(scores(makeRule())).toEqual([null, null]);
  });

  test("two preferences with the same text share one entry", () => {
    const rule = makeRule({ prefer: [prefer("gpu", 20), prefer("gpu", 30)] });
    const [, candidate] = place(makeRequest(), snapshotOf(plain, gpu), [rule]).candidates();
    expect(candidate).toEqual({
      node: "with-gpu",
      fits: true,
      transport: "node",
      reason: null,
      passing: null,
      score: 100,
      scores: { gpu: 50 },
    });
  });

  test("a preference cannot save a node that a filter removed", () => {
    const offline = makeNode({ name: "offline-gpu", tags: tagsOf("gpu"), online: false });
    const rule = makeRule({ prefer: [prefer("gpu", 100)] });
    expect(place(makeRequest(), snapshotOf(offline, plain), [rule]).node?.name).toBe("plain");
  });

  test("ties go to the first name in code-unit order, not in the order of a language", () => {
    const named = (name: string) => makeNode({ name });
    const first = (...names: string[]) =>
      place(makeRequest(), snapshotOf(...names.map(named)), [makeRule()]).node?.name;
    expect(first("b", "a")).toBe("a");
    expect(first("a", "B")).toBe("B");
    expect(first("ä", "z")).toBe("z");
    expect(first("n10", "n9")).toBe("n10");
  });
});

test("a new snapshot is read afresh, an old one is not remembered in its place", () => {
  const rules = [makeRule()];
  expect(place(makeRequest(), snapshotOf(SG), rules).outcome).toBe("placed");
  expect(place(makeRequest(), snapshotOf(makeNode({ online: false })), rules).outcome).toBe("refused");
});

test("candidates are computed once", () => {
  const decision = place(makeRequest(), snapshotOf(SG), [makeRule()]);
  expect(decision.candidates()).toBe(decision.candidates());
});
