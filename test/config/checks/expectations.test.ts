// What a test of the config can say, and what it cannot mean.
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../src/config/resolve.ts";

const NODES = { "mac-sg": {} };
const problemsOf = (one: object) =>
  resolveConfig({ nodes: NODES, tests: [{ agent: "a", expect: "refused", ...one }] }).problems;

describe("a test", () => {
  test.each([
    {},
    { expect: "unrouted" },
    { expect: "node:mac-sg" },
    { expect: "place:SG" },
    { tool: "Bash", down: ["mac-sg"] },
    { tool: "read" },
  ])("that says %j is one", (one) => {
    expect(problemsOf(one)).toEqual([]);
  });

  test.each<readonly [object, string, string]>([
    [{ expect: "node:mac-gs" }, "expect", 'no node is named "mac-gs" under nodes'],
    [{ expect: "place:sg" }, "expect", '"place:sg" is nothing that can be expected'],
    [{ expect: "refuse" }, "expect", '"refuse" is nothing that can be expected'],
    [{ down: ["mac-gs"] }, "down[0]", 'no node is named "mac-gs" under nodes'],
    [{ expect: "place:UK" }, "expect", 'ISO 3166-1 gives the code "UK" to no country'],
    [{ tool: "exce" }, "tool", '"exce" is not a tool that can be placed'],
  ])("that says %j refuses its agent, with where and why", (one, path, message) => {
    expect(problemsOf(one)).toEqual([
      expect.objectContaining({
        code: "TEST_INVALID",
        severity: "error",
        path: `plugins.entries.node-router.config.tests[0].${path}`,
        message,
        agents: ["a"],
      }),
    ]);
  });
});

test.each(["a-*", "a?", "*", "!a"])(
  "a test of %j is about nobody's call, and refuses whom it may mean",
  (agent) => {
    const problems = problemsOf({ agent });
    expect(problems.map(({ code, path }) => [code, path])).toEqual([
      ["TEST_INVALID", "plugins.entries.node-router.config.tests[0].agent"],
    ]);
    expect(problems[0]?.agents).toEqual([agent]);
  },
);

test("a config without tests has none, and a test without a name is called by what it says", () => {
  expect(resolveConfig({}).tests).toEqual([]);
  const tests = [{ agent: "a", down: ["mac-sg"], expect: "refused" }];
  expect(resolveConfig({ nodes: NODES, tests }).tests.map(({ name }) => name)).toEqual([
    "a exec without mac-sg refused",
  ]);
});
