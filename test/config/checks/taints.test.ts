// Taints and tolerations in the config: each by itself, and whether they meet.
import { describe, expect, test } from "vitest";
import { problemsForAgent } from "../../../src/config/problems/problem.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { linesOf } from "../support.ts";

const rule = (parts: object = {}) => ({ name: "a", agents: ["x"], ...parts });
const lines = (taints: string[], rules: object[] = [], more: object = {}) =>
  linesOf({ nodes: { box: { taints } }, rules, ...more });

describe("a taint", () => {
  test("that a rule tolerates is no problem, in every way of writing it", () => {
    for (const tolerate of ["prod", "prod=", "prod:NoSchedule", "prod=:NoSchedule"]) {
      expect(lines(["prod:NoSchedule"], [rule({ tolerate: [tolerate] })])).toEqual([]);
    }
  });

  test("that nobody tolerates is a warning with what to write, unless it only steers away", () => {
    expect(lines(["prod:NoSchedule"], [rule({})])).toEqual([
      'warning nodes.box.taints[0]: no rule tolerates taint "prod:NoSchedule", so node "box" takes no call of any rule | write tolerate: ["prod:NoSchedule"] in the rule whose calls it is for.',
    ]);
    expect(lines(["prod:PreferNoSchedule"], [rule({})])).toEqual([]);
  });

  test("that cannot be read is an error with the effect that was probably meant", () => {
    expect(lines(["prod:noschedule", "prod"])).toEqual([
      'error nodes.box.taints[0]: taint "prod:noschedule": "noschedule" is no effect; there are NoSchedule, PreferNoSchedule, NoExecute | did you mean "NoSchedule"?',
      'error nodes.box.taints[1]: taint "prod": has no effect | write "prod:NoSchedule" to keep calls off the node.',
    ]);
  });

  test("twice is a warning; with another value it is an error, and with another effect it is nothing", () => {
    const tolerating = [rule({ tolerate: ["gpu"] })];
    expect(lines(["gpu=a:NoSchedule", "gpu=a:NoSchedule"], tolerating)).toEqual([
      'warning nodes.box.taints[1]: taint "gpu=a:NoSchedule" is there twice',
    ]);
    expect(lines(["gpu=a:NoSchedule", "gpu=b:NoSchedule"], tolerating)).toEqual([
      'error nodes.box.taints[1]: taint "gpu=b:NoSchedule" contradicts taint "gpu=a:NoSchedule" of the same node: a key has one value for each effect',
    ]);
    expect(lines(["gpu=a:NoSchedule", "gpu=b:NoExecute"], tolerating)).toEqual([]);
  });

  test("that cannot be read refuses agents under a rule, and everybody where it may have kept everybody off", () => {
    const broken = { nodes: { box: { taints: ["prod"] } }, rules: [rule({})] };
    const refused = (config: object, agent: string) =>
      problemsForAgent(resolveConfig(config).problems, agent).length > 0;
    expect(refused(broken, "x")).toBe(true);
    expect(refused(broken, "nobody")).toBe(false);
    expect(refused({ ...broken, untoleratedAgents: "refuse" }, "nobody")).toBe(true);
  });
});

describe("a toleration", () => {
  test("of everything is a warning, one of a key is not", () => {
    expect(lines(["prod:NoSchedule"], [rule({ tolerate: ["*"] })])).toEqual([
      'warning rules[0].tolerate[0]: rule "a" tolerates "*", so no taint keeps its calls off, also none that is added later | name the taints that it may ignore instead of "*".',
    ]);
  });

  test("that no node has is a warning with the nearest one", () => {
    expect(lines(["prod:PreferNoSchedule"], [rule({ tolerate: ["prd"] })])).toEqual([
      'warning rules[0].tolerate[0]: rule "a" tolerates "prd", and no node has such a taint | did you mean "prod"?',
    ]);
    expect(lines([], [rule({ tolerate: ["prod"] })])).toHaveLength(1);
  });

  test("that cannot be read is an error, so that no rule is obeyed with less than it says", () => {
    const { rules, problems } = resolveConfig({ rules: [rule({ tolerate: ["prod:Never"] })] });
    expect(rules).toEqual([]);
    expect(problems).toMatchObject([{ code: "TOLERATION_INVALID", severity: "error", agents: ["x"] }]);
  });
});

test("untoleratedAgents that refuses nothing is a warning, with a taint that keeps off it is not", () => {
  const refuse = { untoleratedAgents: "refuse" };
  expect(lines(["slow:PreferNoSchedule"], [], refuse)).toEqual([
    'warning untoleratedAgents: "refuse" refuses nothing: no node has a taint with NoSchedule or NoExecute',
  ]);
  expect(lines(["prod:NoSchedule"], [], refuse)).toEqual([]);
});
