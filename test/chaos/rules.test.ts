// The plain reading of the rules: who may be where under each variant, and that each changes something.
import { describe, expect, test } from "vitest";
import {
  AGENTS,
  allowedByRule,
  allowedMachines,
  routerConfig,
  VARIANTS,
  variantOf,
} from "../../chaos/rules.ts";
import { resolveConfig } from "../../src/config/resolve.ts";

const agentOf = (id: string) => {
  const agent = AGENTS.find((one) => one.id === id);
  if (agent === undefined) throw new Error(`no agent ${id}`);
  return agent;
};

describe("who may be where:", () => {
  test.each<readonly [string, string, readonly string[]]>([
    ["base", "exec-a", ["pair-1"]],
    ["swapped", "exec-a", ["pair-2"]],
    ["next", "exec-a", ["pair-1", "pair-2"]],
    ["next", "ssh-b", ["ssh-2", "ssh-1"]],
    ["next", "nowhere", []],
    ["next", "free", ["gateway"]],
    ["pair-2-tainted", "exec-b", []],
    ["pair-2-tainted", "exec-any", ["pair-1"]],
    ["pair-1-tolerated", "exec-a", []],
    ["pair-1-tolerated", "exec-any", ["pair-1", "pair-2"]],
    ["residency", "ssh-any", ["ssh-1"]],
    ["residency", "ssh-b", ["ssh-2"]],
    ["undeclared", "ssh-any", []],
    ["undeclared", "ssh-b", ["ssh-2"]],
    ["crowded", "pair-any", ["pair-1", "pair-2"]],
  ])("under %s %s may be on %j", (variant, agent, machines) => {
    expect(allowedMachines(agentOf(agent), variantOf(variant))).toEqual(machines);
  });

  test("a rule that is next allows the other region alone, and nothing where it is not in the config", () => {
    expect(allowedByRule("rule-exec-a-next", variantOf("next"))).toEqual(["pair-2"]);
    expect(allowedByRule("rule-exec-a", variantOf("next"))).toEqual(["pair-1"]);
    expect(allowedByRule("rule-exec-a-next", variantOf("base"))).toEqual([]);
    expect(allowedByRule("rule-of-nobody", variantOf("next"))).toEqual([]);
  });
});

test("each variant is another config, and none of them has an error", () => {
  const entries = Object.fromEntries(
    ["pair-1", "pair-2", "ssh-1", "ssh-2"].map((name) => [name, { workspace: "/home/work" }]),
  );
  const texts = Object.keys(VARIANTS).map((name) => {
    const config = routerConfig(entries, variantOf(name));
    const errors = resolveConfig(config).problems.filter(({ severity }) => severity === "error");
    expect([name, errors]).toEqual([name, []]);
    return JSON.stringify(config);
  });
  expect(new Set(texts).size).toBe(texts.length);
});
