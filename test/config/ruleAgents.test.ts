// Agents that rules name and nobody has.
import { expect, test } from "vitest";
import { resolveConfig } from "../../src/config/resolve.ts";
import { checkAgentNames } from "../../src/config/ruleAgents.ts";
import { lineOf } from "./support.ts";

test("an agent that nobody has is a warning with the id that was probably meant", () => {
  const config = resolveConfig({
    rules: [{ name: "a", agents: ["worker-gs", "Workre-CN", "Wroker-*", "zzz?"] }],
  });
  expect(checkAgentNames(config, ["master", "worker-cn", "worker-sg"]).map(lineOf)).toEqual([
    'warning rules[0].agents[0]: rule "a": no agent has the id "worker-gs" | did you mean "worker-sg"?',
    'warning rules[0].agents[1]: rule "a": no agent has the id "Workre-CN" | did you mean "worker-cn"?',
    'warning rules[0].agents[2]: rule "a": no agent\'s id matches "Wroker-*" | did you mean "worker-*"?',
    'warning rules[0].agents[3]: rule "a": no agent\'s id matches "zzz?"',
  ]);
});

test("an agent that somebody has is no warning, by id or by glob, however it is written", () => {
  const config = resolveConfig({
    rules: [{ name: "a", agents: ["master", "worker-*", "*", "Worker-CN", "Worker-?N", " MASTER "] }],
  });
  expect(checkAgentNames(config, ["master", "worker-cn"])).toEqual([]);
});

test("the place of a rule in the config is right though a broken rule before it was left out", () => {
  const config = resolveConfig({
    rules: [
      { name: "b", agents: ["z"], require: "!" },
      { name: "a", agents: ["x"] },
    ],
  });
  expect(checkAgentNames(config, ["y"]).map((problem) => problem.path)).toEqual([
    "plugins.entries.node-router.config.rules[1].agents[0]",
  ]);
});
