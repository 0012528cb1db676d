// The terminal page, whole.
import { describe, expect, test } from "vitest";
import { reportText } from "../../../src/nodeRouter/explain/explainText.ts";
import { createReport } from "../../../src/nodeRouter/explain/report.ts";
import type { PlacementRequest } from "../../../src/nodeRouter/placement/model/decision.ts";
import type { Rule } from "../../../src/nodeRouter/placement/model/rule.ts";
import { type NodeState, UNKNOWN_CAPACITY } from "../../../src/nodeRouter/placement/model/snapshot.ts";
import { place } from "../../../src/nodeRouter/placement/place.ts";
import { displayWidth } from "../../../src/shared/displayWidth.ts";
import type { Mode } from "../../../src/shared/types.ts";
import { makeNode } from "../../support/makeNode.ts";
import { makeRequest, makeRule, prefer, selectorOf, snapshotOf, tagsOf } from "../placement/arrange.ts";

const rule = makeRule({ require: selectorOf("region=sg") });

function page(
  nodes: NodeState[],
  rules: Rule[],
  request: PlacementRequest = makeRequest(),
  mode: Mode = "enforce",
): string {
  const decision = place(request, snapshotOf(...nodes), rules);
  return reportText(createReport(decision, { mode, takenAtMs: 1_000, nowMs: 4_200 }));
}

test("placed, with preferences: the table has scores and what gave them", () => {
  const wishes = [prefer("gpu", 50), prefer("spot", -20)];
  const nodes = [
    makeNode({ name: "gpu-sg", tags: tagsOf("region=sg", "gpu") }),
    makeNode(),
    makeNode({ name: "mac-cn", tags: tagsOf("region=cn") }),
  ];
  expect(
    page(nodes, [{ ...rule, prefer: wishes }]),
  ).toBe(`agent worker-sg · tool exec · binding exec · mode enforce
rule singapore → gpu-sg over node
exec of agent "worker-sg" runs on gpu-sg (SG, declared) · rule singapore

NODE    RESULT   SCORE  WHY
gpu-sg  chosen   71.43  gpu +50; spot 0
mac-cn  no           -  didn't match "region=sg"
mac-sg  fits         0  gpu 0; spot 0

node list read 3 s ago`);
});

test("kept, with near: the message says why, and the table how far each node is and what is scarce", () => {
  const nodes = [
    makeNode({ name: "here", rttMs: 24 }),
    makeNode({ name: "there", rttMs: 20.04 }),
    makeNode({ name: "full", rttMs: 20, capacity: { ...UNKNOWN_CAPACITY, freeDiskShare: 0.01 } }),
    makeNode({ name: "unmeasured" }),
  ];
  const near = { ...rule, near: { kind: "gateway" as const } };
  expect(
    page(nodes, [near], makeRequest({ current: "here" })),
  ).toBe(`agent worker-sg · tool exec · binding exec · mode enforce
rule singapore → here over node
exec of agent "worker-sg" runs on here (SG, declared) · rule singapore · stays where it last ran:
there ranks first, but not by enough to move

NODE        RESULT  WHY
full        fits    near 20 ms; disk -100
here        chosen  near 24 ms
there       fits    near 20 ms
unmeasured  fits

node list read 3 s ago`);
});

test("refused, in Chinese: columns are aligned by display width, not by length", () => {
  const nodes = [
    makeNode({ name: "上海办公室", tags: tagsOf("region=cn") }),
    makeNode({ name: "mac-sg", online: false }),
    makeNode({ name: "新加坡🦞", approval: "pending" }),
  ];
  expect(page(nodes, [rule])).toBe(`agent worker-sg · tool exec · binding exec · mode enforce
rule singapore → refused
0/3 nodes fit rule "singapore" for exec: 1 didn't match "region=sg", 1 was waiting for approval, 1
was offline.

NODE        RESULT  WHY
mac-sg      no      was offline
上海办公室  no      didn't match "region=sg"
新加坡🦞    no      was waiting for approval

node list read 3 s ago`);
});

test("unrouted: no table of nodes that nobody looked at", () => {
  expect(
    page([makeNode()], [rule], makeRequest({ agent: "master" })),
  ).toBe(`agent master · tool exec · binding exec · mode enforce
no rule → OpenClaw decides
no rule names agent "master" for exec; OpenClaw decides as it would without node-router

node list read 3 s ago`);
});

test("unrouted by onUnavailable: the gateway is named", () => {
  const text = page([makeNode({ online: false })], [{ ...rule, onUnavailable: "gateway" }]);
  expect(text.split("\n")[1]).toBe("rule singapore → gateway");
});

test("shadow mode says that nothing is changed; enforce mode does not", () => {
  const line = "shadow mode: this is only what would happen";
  expect(page([makeNode()], [rule], makeRequest(), "shadow").split("\n")).toContain(line);
  expect(page([makeNode()], [rule]).split("\n")).not.toContain(line);
});

test.each([
  [null, "the node list has never been read"],
  [0, "node list read 0 ms ago"],
  [999, "node list read 999 ms ago"],
  [59_999, "node list read 59 s ago"],
  [60_000, "node list read 1 min ago"],
  [7_200_000, "node list read 2 h ago"],
])("an age of %j ms reads %j", (snapshotAgeMs, line) => {
  const decision = place(makeRequest(), snapshotOf(makeNode()), [rule]);
  const report = {
    ...createReport(decision, { mode: "enforce", takenAtMs: 0, nowMs: 0 }),
    snapshotAgeMs,
  };
  expect(reportText(report).split("\n").at(-1)).toBe(line);
});

describe("width and safety", () => {
  const long = `region in (${Array.from({ length: 40 }, (_, index) => `place-${index}`).join(",")})`;
  const nodes = [
    makeNode({ name: "長".repeat(60) }),
    makeNode({ name: "x".repeat(150) }),
    makeNode({ name: "evil\u001b[2J\u202e\nname" }),
  ];
  const text = page(nodes, [makeRule({ name: "r".repeat(120), require: selectorOf(long), agents: ["*"] })]);

  test("no line is wider than 100 columns, whatever the names", () => {
    for (const line of text.split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(100);
  });

  test("no part of a long name is lost", () => {
    expect(text.replaceAll(/[^長]/gu, "")).toHaveLength(60);
    expect(text.match(/x{5,}/g)?.join("")).toHaveLength(150);
  });

  test("nothing but line feeds and printable characters comes out", () => {
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
    expect(text).toContain("evil\\u001b[2J\\u202e\\u000aname");
  });
});

test.each([
  ["mac-sg", 6],
  ["上海", 4],
  ["ｍａｃ", 6],
  ["서울", 4],
  ["é", 1],
  ["e\u0301", 1],
  ["🦞", 2],
  ["👩‍👩‍👧", 2],
  ["❤️", 2],
  ["·→", 2],
  ["ｱ", 1],
  ["", 0],
])("%j takes %i columns", (sample, columns) => {
  expect(displayWidth(sample)).toBe(columns);
});

test("a refusal without a rule never reads that OpenClaw decides", () => {
  const text = reportText({
    agent: "worker-sg",
    tool: "exec",
    mode: "enforce",
    rule: null,
    outcome: "refused",
    node: null,
    transport: null,
    binding: "exec",
    message: "CONFIG_INVALID: it cannot be read.",
    candidates: [],
    snapshotAgeMs: 0,
  });
  expect(text).toContain("\nrefused: nothing runs\nCONFIG_INVALID: ");
  expect(text).not.toContain("OpenClaw decides");
});
