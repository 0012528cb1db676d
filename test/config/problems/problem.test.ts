// Whom a problem refuses.
import { expect, test } from "vitest";
import { problemsForAgent } from "../../../src/config/problems/problem.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { lineOf } from "../support.ts";

function refused(raw: unknown, ...agents: string[]): string[] {
  const { problems } = resolveConfig(raw);
  return agents.filter((agent) => problemsForAgent(problems, agent).length > 0);
}

const sound = { name: "china", agents: ["worker-cn", "cn-*"] };

test("a broken rule refuses its own agents, not those of a sound rule", () => {
  const broken = { name: "singapore", agents: ["worker-sg", "sg-*"], require: "region in" };
  expect(refused({ rules: [broken, sound] }, "worker-sg", "sg-1", "worker-cn", "cn-1", "master")).toEqual([
    "worker-sg",
    "sg-1",
  ]);
});

test("an agent of a broken rule is refused even when a later rule speaks for it too", () => {
  const broken = { name: "singapore", agents: ["worker-sg"], require: "region in" };
  expect(refused({ rules: [broken, { name: "all", agents: ["*"] }] }, "worker-sg", "master")).toEqual([
    "worker-sg",
  ]);
});

test("a rule whose agents cannot be read refuses everyone: it may speak for anyone", () => {
  expect(
    refused({ rules: [{ name: "a", agents: ["x", 5] }, sound] }, "x", "worker-cn", "master"),
  ).toHaveLength(3);
  expect(refused({ rules: [7] }, "master")).toEqual(["master"]);
  expect(refused({ rules: {} }, "master")).toEqual(["master"]);
});

test("an unknown key at the top refuses everyone: it may be the rules, misspelt", () => {
  expect(refused({ rule: [sound] }, "worker-cn", "master")).toEqual(["worker-cn", "master"]);
});

test("a node whose name is wrong refuses every agent that a rule names, and leaves the others alone", () => {
  expect(refused({ nodes: { "a\u0000": {} }, rules: [sound] }, "worker-cn", "cn-1", "master")).toEqual([
    "worker-cn",
    "cn-1",
  ]);
  expect(refused({ nodes: { "a\u0000": {} } }, "worker-cn")).toEqual([]);
});

test("a broken tag or place refuses agents whose rules read it, and no others that rules name", () => {
  const rules = [
    { name: "sg", agents: ["worker-sg"], require: "region=sg" },
    { name: "near", agents: ["worker-hk"], near: "gateway" },
    { name: "any", agents: ["worker-cn"] },
  ];
  const agents = ["worker-sg", "worker-hk", "worker-cn"];
  expect(refused({ nodes: { a: { tags: ["region = sg"] } }, rules }, ...agents)).toEqual(["worker-sg"]);
  expect(refused({ nodes: { a: { location: { country: "Hongkong" } } }, rules }, ...agents)).toEqual([
    "worker-hk",
  ]);
  // Of a node that its rule cannot choose, the rest does not matter to it either.
  expect(refused({ nodes: { a: { tags: ["region=cn"], workspace: "x" } }, rules }, ...agents)).toEqual([
    "worker-hk",
    "worker-cn",
  ]);
});

test("two rules of one name refuse the agents of both", () => {
  const twins = [
    { name: "a", agents: ["x"] },
    { name: "a", agents: ["y"] },
  ];
  expect(refused({ rules: twins }, "x", "y", "z")).toEqual(["x", "y"]);
});

test("a broken rule refuses the agent that it names in another form than the host's", () => {
  const broken = { name: "hk", agents: ["Worker-HK", "Team A*"], require: "region in" };
  expect(refused({ rules: [broken] }, "worker-hk", "Worker-HK", "team-a-1", "worker", "team-b")).toEqual([
    "worker-hk",
    "Worker-HK",
    "team-a-1",
  ]);
});

test.each(["!worker-sg", "-worker-sg", "^a", "~a", "@a", "中文", " "])(
  "%j would mean other agents than it says: an error that refuses everyone",
  (agent) => {
    const rules = [{ name: "a", agents: ["x", agent] }];
    expect(resolveConfig({ rules }).problems).toMatchObject([
      { code: "AGENT_INVALID", path: "plugins.entries.node-router.config.rules[0].agents[1]" },
    ]);
    expect(refused({ rules }, "x", "anyone")).toHaveLength(2);
  },
);

test("one agent named twice is only said", () => {
  const { problems, rules } = resolveConfig({ rules: [{ name: "a", agents: ["Worker-HK", "worker-hk"] }] });
  expect(problems.map(lineOf)).toEqual([
    'warning rules[0].agents[1]: "worker-hk" means the same as agents[0]',
  ]);
  expect(rules).toHaveLength(1);
});

test("a warning refuses nobody", () => {
  expect(
    refused({ rules: [{ name: "a", agents: ["x"], prefer: [{ selector: "gpu", weight: 0 }] }] }, "x"),
  ).toEqual([]);
});
