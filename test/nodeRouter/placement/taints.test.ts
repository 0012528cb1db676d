// Which taints keep whom off a node: the table of Kubernetes, and what a session that is there already keeps.
import { describe, expect, test } from "vitest";
import { decisionMessage, fitLine } from "../../../src/nodeRouter/explain/message.ts";
import type { NodeState } from "../../../src/nodeRouter/placement/model/snapshot.ts";
import {
  parseTaint,
  parseToleration,
  printTaint,
  type Taint,
  type Toleration,
} from "../../../src/nodeRouter/placement/model/taint.ts";
import { place } from "../../../src/nodeRouter/placement/place.ts";
import { makeNode } from "../../support/makeNode.ts";
import { makeRequest, makeRule, prefer, snapshotOf } from "./arrange.ts";

const taint = (text: string): Taint => {
  const parsed = parseTaint(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
};
const toleration = (text: string): Toleration => {
  const parsed = parseToleration(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
};
const node = (name: string, ...taints: string[]): NodeState =>
  makeNode({ name, nodeId: `${name}0`.padEnd(64, "0"), taints: taints.map(taint) });
const rule = (...tolerate: string[]) => makeRule({ tolerate: tolerate.map(toleration) });

describe("a node with a taint", () => {
  test.each([
    ["prod:NoSchedule", [], "refused"],
    ["prod:NoExecute", [], "refused"],
    ["prod:PreferNoSchedule", [], "placed"],
    ["prod:NoSchedule", ["prod"], "placed"],
    ["prod:NoExecute", ["prod"], "placed"],
    ["prod:NoSchedule", ["prod:NoSchedule"], "placed"],
    ["prod:NoSchedule", ["prod:NoExecute"], "refused"],
    ["prod:NoSchedule", ["dev"], "refused"],
    ["gpu=a100:NoSchedule", ["gpu"], "placed"],
    ["gpu=a100:NoSchedule", ["gpu=a100"], "placed"],
    ["gpu=a100:NoSchedule", ["gpu=a100:NoSchedule"], "placed"],
    ["gpu=a100:NoSchedule", ["gpu=h100"], "refused"],
    ["gpu=a100:NoSchedule", ["gpu="], "refused"],
    ["gpu:NoSchedule", ["gpu="], "placed"],
    ["gpu=a100:NoSchedule", ["*"], "placed"],
    ["gpu=a100:NoSchedule", ["*:NoSchedule"], "placed"],
    ["gpu=a100:NoExecute", ["*:NoSchedule"], "refused"],
  ])("%s, tolerated by %j: %s", (written, tolerate, outcome) => {
    expect(place(makeRequest(), snapshotOf(node("a", written)), [rule(...tolerate)]).outcome).toBe(outcome);
  });

  test("of two taints one that is not tolerated is enough, and is the one that is named", () => {
    const decision = place(makeRequest(), snapshotOf(node("a", "prod:NoSchedule", "gpu=a100:NoExecute")), [
      rule("prod"),
    ]);
    expect(fitLine(decision)).toBe(
      '0/1 nodes fit rule "singapore" for exec: 1 had an untolerated taint (gpu=a100:NoExecute)',
    );
  });

  test("several of them are counted together", () => {
    const nodes = [node("a", "prod:NoSchedule"), node("b", "prod:NoSchedule"), node("c", "x:NoExecute")];
    expect(fitLine(place(makeRequest(), snapshotOf(...nodes), [rule()]))).toBe(
      '0/3 nodes fit rule "singapore" for exec: 3 had untolerated taints (prod:NoSchedule; x:NoExecute)',
    );
  });
});

describe("a session whose files are on the node", () => {
  const asked = makeRequest({ binding: "workspace", commands: [], settled: "a" });

  test("stays under NoSchedule, which is about new calls, and leaves under NoExecute", () => {
    const outcome = (written: string) => place(asked, snapshotOf(node("a", written)), [rule()]).outcome;
    expect(outcome("prod:NoSchedule")).toBe("placed");
    expect(outcome("prod:NoExecute")).toBe("refused");
  });

  test("keeps only its own node open, not another with the same taint", () => {
    const nodes = [node("a", "prod:NoSchedule"), node("b", "prod:NoSchedule")];
    const fits = place(asked, snapshotOf(...nodes), [rule()])
      .candidates()
      .filter((one) => one.fits);
    expect(fits.map((one) => one.node)).toEqual(["a"]);
  });

  test("does not wait for a taint to go: only the config can take it away", () => {
    const [candidate] = place(asked, snapshotOf(node("a", "prod:NoExecute")), [rule()]).candidates();
    expect(candidate?.passing).toBeNull();
  });
});

describe("PreferNoSchedule", () => {
  const nodes = [node("a", "slow:PreferNoSchedule"), node("b")];

  test("puts a node behind every one without it, whatever is preferred", () => {
    const preferring = makeRule({ prefer: [prefer("node.os=macos", 100)] });
    const other = makeNode({ name: "b", nodeId: "b".repeat(64), tags: new Map() });
    const [tainted] = nodes;
    if (tainted === undefined) throw new Error("no node");
    const decision = place(makeRequest(), snapshotOf(tainted, other), [preferring]);
    expect(decision.node?.name).toBe("b");
    expect(decision.candidates()[0]).toMatchObject({ fits: true, scores: { "PreferNoSchedule taints": -1 } });
  });

  test("takes an agent off the node that it worked on, and leaves it there when it is tolerated", () => {
    const current = makeRequest({ current: "a" });
    expect(place(current, snapshotOf(...nodes), [rule()]).node?.name).toBe("b");
    expect(place(current, snapshotOf(...nodes), [rule("slow")]).node?.name).toBe("a");
  });

  test("keeps no node out: with no other the call runs there, and no reason is invented", () => {
    const decision = place(makeRequest(), snapshotOf(node("a", "slow:PreferNoSchedule")), [rule()]);
    expect(decision.node?.name).toBe("a");
    expect(decisionMessage(decision)).not.toContain("taint");
  });

  test("a node with more of them comes after one with fewer", () => {
    const two = node("a", "x:PreferNoSchedule", "y:PreferNoSchedule");
    const one = node("b", "z:PreferNoSchedule");
    expect(place(makeRequest(), snapshotOf(two, one), [rule()]).node?.name).toBe("b");
  });
});

describe("a written taint", () => {
  test.each(["prod:NoSchedule", "gpu=a100:PreferNoSchedule", "example.com/tier=1:NoExecute"])(
    "%s is read and printed the same",
    (text) => {
      expect(printTaint(taint(text))).toBe(text);
    },
  );

  test.each([
    ["prod", 'taint "prod": has no effect', 'write "prod:NoSchedule" to keep calls off the node.'],
    [
      "prod:NoShedule",
      'taint "prod:NoShedule": "NoShedule" is no effect; there are NoSchedule, PreferNoSchedule, NoExecute',
      'did you mean "NoSchedule"?',
    ],
    ["*:NoSchedule", expect.stringContaining('its key "*" must be'), null],
    [":NoSchedule", expect.stringContaining('its key "" must be'), null],
    ["a=b c:NoSchedule", expect.stringContaining('its value "b c" must be'), null],
  ])("%s is refused with what is wrong", (text, message, suggestion) => {
    expect(parseTaint(text)).toEqual({ ok: false, message, suggestion });
  });

  test("a toleration needs no effect, and refuses one that is none", () => {
    expect(parseToleration("prod")).toEqual({ ok: true, value: { key: "prod", value: null, effect: null } });
    expect(parseToleration("prod:Never")).toMatchObject({ ok: false, suggestion: null });
    expect(parseToleration("*=a")).toMatchObject({ ok: false });
  });
});
