// Agents of the older list, as OpenClaw makes entries of them.
import { expect, test } from "vitest";
import { hasAgentList, withAgentEntries } from "../../../src/nodeRouter/host/olderAgents.ts";

test("agents of the older list become entries by OpenClaw's ids, with all their settings, and nothing else changes", () => {
  const list = [
    { id: "Team A", model: "m" },
    { id: "master", default: true },
    "x",
    { name: "no id" },
    { id: "team-a" },
    { id: "__proto__", model: "p" },
  ];
  const agents = withAgentEntries({ gateway: { port: 1 }, agents: { defaults: { model: "d" }, list } });
  expect(agents).toEqual({
    gateway: { port: 1 },
    agents: {
      defaults: { model: "d" },
      entries: Object.fromEntries([
        ["team-a", { model: "m" }],
        ["master", { default: true }],
        ["agent", { name: "no id" }],
        ["team-a-2", {}],
        ["__proto__", { model: "p" }],
      ]),
    },
  });
});

test("beside entries the list counts for nothing", () => {
  const entries = { master: {} };
  expect(withAgentEntries({ agents: { entries, list: [{ id: "other" }] } })).toEqual({ agents: { entries } });
});

test.each([
  [null],
  ["text"],
  [{}],
  [{ agents: "x" }],
  [{ agents: { entries: {} } }],
  [{ agents: { list: "x" } }],
])("%j has no list of agents, and stays as it is", (config) => {
  expect(hasAgentList(config)).toBe(false);
  expect(withAgentEntries(config)).toBe(config);
});
