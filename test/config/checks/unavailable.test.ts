// What happens when no node fits, as the config says it: waits, rules that are next, and how much a node may run.
import { describe, expect, test } from "vitest";
import { problemsForAgent } from "../../../src/config/problems/problem.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { linesOf } from "../support.ts";

const rule = (name: string, onUnavailable: unknown, more: object = {}) => ({
  name,
  agents: ["x"],
  onUnavailable,
  ...more,
});
const backup = (more: object = {}) => ({ name: "backup", agents: [], ...more });
const lines = (...rules: object[]) => linesOf({ rules });

describe("a wait", () => {
  test("of up to 4 minutes is read in ms", () => {
    const { rules, problems } = resolveConfig({
      rules: [rule("a", { wait: "20s" }), rule("b", { wait: "4m" }, { agents: ["y"] })],
    });
    expect(problems).toEqual([]);
    expect(rules.map(({ onUnavailable }) => onUnavailable)).toEqual([
      { waitMs: 20_000 },
      { waitMs: 240_000 },
    ]);
  });

  test("longer than OpenClaw lets a run be silent is an error with its number and the longest one", () => {
    expect(lines(rule("a", { wait: "241s" }))).toEqual([
      'error rules[0].onUnavailable.wait: "241s" is longer than a call may wait: OpenClaw gives up a run of which it hears nothing for 300 s | write at most "4m".',
    ]);
  });

  test.each(["20", "0s", "-1s", "soon"])("of %j is an error, and its agents are refused", (wait) => {
    const config = resolveConfig({ rules: [rule("a", { wait })] });
    expect(problemsForAgent(config.problems, "x").map(({ code }) => code)).toEqual(["WAIT_INVALID"]);
    expect(config.rules).toEqual([]);
  });
});

describe("the rule that is next", () => {
  test("may name no agent, and is then no rule that never decides", () => {
    expect(lines(rule("a", { next: "backup" }), backup())).toEqual([]);
    expect(lines(rule("a", "refuse"), backup())).toEqual([
      'warning rules[1].agents: rule "backup" never decides: it names no agent, and no rule names it as next',
    ]);
  });

  test("that is not there is an error with the name that was probably meant", () => {
    expect(lines(rule("a", { next: "bakup" }), backup())).toContain(
      'error rules[0].onUnavailable.next: no rule is named "bakup" | did you mean "backup"?',
    );
  });

  test("in a circle is an error of every rule in it, which names the circle, and one of the way into it", () => {
    expect(
      lines(
        rule("a", { next: "b" }),
        backup({ name: "b", onUnavailable: { next: "c" } }),
        backup({ name: "c", onUnavailable: { next: "b" } }),
      ),
    ).toEqual([
      'error rules[0].onUnavailable.next: rules follow each other in a circle: "a" → "b" → "c" → "b"',
      'error rules[1].onUnavailable.next: rules follow each other in a circle: "b" → "c" → "b"',
      'error rules[2].onUnavailable.next: rules follow each other in a circle: "c" → "b" → "c"',
    ]);
    expect(lines(rule("a", { next: "a" }))).toEqual([
      'error rules[0].onUnavailable.next: rules follow each other in a circle: "a" → "a"',
    ]);
  });

  test("with an error refuses the agents of the rules before it too, however far they are", () => {
    const config = resolveConfig({
      rules: [
        rule("a", { next: "b" }),
        backup({ name: "b", onUnavailable: { next: "c" } }),
        backup({ name: "c", require: "region in (" }),
        rule("z", "refuse", { agents: ["z"] }),
      ],
    });
    expect(
      problemsForAgent(config.problems, "x").map(({ path, code }) => [code, path.split("config.")[1]]),
    ).toEqual([["NEXT_INVALID", "rules[0].onUnavailable.next"]]);
    expect(problemsForAgent(config.problems, "z")).toEqual([]);
  });

  test("may keep the calls where the first keeps them, and nowhere else", () => {
    const residency = { allow: ["DE", "FR"] };
    const next = (other: object) =>
      linesOf({
        nodes: { box: { location: { country: "DE" } } },
        rules: [rule("eu", { next: "backup" }, { residency }), backup(other)],
      });
    expect(next({ residency: { allow: ["DE"] } })).toEqual([]);
    expect(next({})).toEqual([
      'error rules[0].onUnavailable.next: rule "eu" keeps its calls in DE, FR, and rule "backup", which may get them, keeps them nowhere | write the same residency in rule "backup".',
    ]);
    expect(next({ residency: { allow: ["DE", "US"] } })).toEqual([
      'error rules[0].onUnavailable.next: rule "eu" keeps its calls in DE, FR, and rule "backup", which may get them, also allows US | write the same residency in rule "backup".',
    ]);
  });
});

describe("maxRunning", () => {
  const withNode = (maxRunning: number, onUnavailable: unknown = "refuse") =>
    linesOf({ nodes: { box: { maxRunning } }, rules: [rule("a", onUnavailable)] });

  test("of 0 is an error: it would be a node that takes no call", () => {
    expect(withNode(0, { wait: "20s" })).toEqual([
      'error nodes.box.maxRunning: 0 lets node "box" run nothing at all | leave maxRunning out, or keep calls away with cordon.',
    ]);
  });

  test("without a rule that waits is a warning, and with one it is nothing", () => {
    expect(withNode(1)).toEqual([
      'warning nodes.box.maxRunning: no rule waits or has a rule that is next, so a call that finds node "box" full and no other is refused | write onUnavailable: { wait: "20s" } in the rule whose calls may wait.',
    ]);
    expect(withNode(1, { wait: "20s" })).toEqual([]);
  });
});
