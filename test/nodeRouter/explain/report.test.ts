// The JSON that scripts rely on.
import { expect, test } from "vitest";
import { createReport } from "../../../src/nodeRouter/explain/report.ts";
import { place } from "../../../src/nodeRouter/placement/place.ts";
import { safeJson } from "../../../src/shared/safeText.ts";
import { makeNode } from "../../support/makeNode.ts";
import { makeRequest, makeRule, prefer, selectorOf, snapshotOf, tagsOf } from "../placement/arrange.ts";

const rule = makeRule({ require: selectorOf("region=sg"), prefer: [prefer("gpu", 50)] });
const nodes = snapshotOf(makeNode(), makeNode({ name: "mac-cn", tags: tagsOf("region=cn") }));

test("placed: every field, candidates in name order with singular reasons", () => {
  const report = createReport(place(makeRequest(), nodes, [rule]), {
    mode: "enforce",
    takenAtMs: 1_000,
    nowMs: 4_500,
  });
  expect(JSON.parse(JSON.stringify(report))).toEqual({
    agent: "worker-sg",
    tool: "exec",
    mode: "enforce",
    rule: "singapore",
    outcome: "placed",
    node: "mac-sg",
    transport: "node",
    binding: "exec",
    message: 'exec of agent "worker-sg" runs on mac-sg (SG, declared) · rule singapore',
    candidates: [
      { node: "mac-cn", fits: false, reason: 'didn\'t match "region=sg"', score: null, scores: {} },
      { node: "mac-sg", fits: true, reason: null, score: 0, scores: { gpu: 0 } },
    ],
    snapshotAgeMs: 3_500,
  });
});

test("refused: no node and no transport; the message is the counted line", () => {
  const offline = snapshotOf(makeNode({ online: false }));
  const report = createReport(place(makeRequest(), offline, [makeRule()]), {
    mode: "shadow",
    takenAtMs: 0,
    nowMs: 0,
  });
  expect(report).toEqual({
    agent: "worker-sg",
    tool: "exec",
    mode: "shadow",
    rule: "singapore",
    outcome: "refused",
    node: null,
    transport: null,
    binding: "exec",
    message: '0/1 nodes fit rule "singapore" for exec: 1 was offline.',
    candidates: [{ node: "mac-sg", fits: false, reason: "was offline", score: null, scores: {} }],
    snapshotAgeMs: 0,
  });
});

test("unrouted: rule is null and no candidates are made up", () => {
  const decision = place(makeRequest({ agent: "master" }), nodes, [rule]);
  expect(createReport(decision, { mode: "enforce", takenAtMs: null, nowMs: 9 })).toEqual({
    agent: "master",
    tool: "exec",
    mode: "enforce",
    rule: null,
    outcome: "unrouted",
    node: null,
    transport: null,
    binding: "exec",
    message: 'no rule names agent "master" for exec; OpenClaw decides as it would without node-router',
    candidates: [],
    snapshotAgeMs: null,
  });
});

test("a list that was never read has no age, which is not an age of zero; a clock set back gives zero", () => {
  const decision = place(makeRequest(), nodes, [rule]);
  expect(createReport(decision, { mode: "enforce", takenAtMs: null, nowMs: 5 }).snapshotAgeMs).toBe(null);
  expect(createReport(decision, { mode: "enforce", takenAtMs: 9, nowMs: 5 }).snapshotAgeMs).toBe(0);
});

test("names stay exact, and safeJson prints them harmlessly and losslessly", () => {
  const name = "mac\u202e\u009b-sg";
  const report = createReport(place(makeRequest(), snapshotOf(makeNode({ name })), [makeRule()]), {
    mode: "enforce",
    takenAtMs: 0,
    nowMs: 0,
  });
  expect(report.node).toBe(name);
  expect(safeJson({ node: report.node })).toBe('{\n  "node": "mac\\u202e\\u009b-sg"\n}');
  expect(JSON.parse(safeJson(report))).toEqual(report);
});
