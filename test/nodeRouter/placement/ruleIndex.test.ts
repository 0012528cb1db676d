// Which rule speaks for a call, in whatever form its names are written.
import { describe, expect, test } from "vitest";
import { firstRule } from "../../../src/nodeRouter/placement/ruleIndex.ts";
import { makeRule } from "./arrange.ts";

const named = (name: string, agents: string[], tools: string[] | null = null) =>
  makeRule({ name, agents, tools });
const first = (rules: ReturnType<typeof named>[], agent: string, tool = "exec") =>
  firstRule(rules, agent, tool)?.name ?? null;

describe("an agent that the config writes otherwise than OpenClaw calls it", () => {
  const rules = [named("hk", ["Worker-HK"]), named("team", ["Team A *"]), named("rest", ["Worker-*"])];

  test("is found by its rule, exact or glob", () => {
    expect(first(rules, "worker-hk")).toBe("hk");
    expect(first(rules, "Worker-HK")).toBe("hk");
    expect(first(rules, "worker-sg")).toBe("rest");
    expect(first(rules, "team-a-1")).toBe("team");
  });

  test("is not found by another's", () => {
    expect(first(rules, "worker")).toBeNull();
    expect(first(rules, "team-b-1")).toBeNull();
  });

  test("an earlier glob goes before a later exact id", () => {
    expect(first([named("glob", ["WORKER-*"]), named("exact", ["worker-hk"])], "worker-hk")).toBe("glob");
  });
});

test("tools are found under each of their names", () => {
  const rules = [named("shell", ["x"], ["Bash"]), named("web", ["x"], [" Browser"])];
  expect(first(rules, "x", "exec")).toBe("shell");
  expect(first(rules, "x", "BASH")).toBe("shell");
  expect(first(rules, "x", "browser")).toBe("web");
  expect(first(rules, "x", "canvas")).toBeNull();
});
