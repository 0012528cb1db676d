// Names, tools, wishes and minimums of rules, and rules that are never reached.
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { ruleLines } from "../support.ts";

const rule = (parts: object) => ({ name: "a", agents: ["x"], ...parts });

test("a name used twice is an error at the second rule", () => {
  expect(ruleLines(rule({}), rule({ agents: ["y"] }), { name: "b", agents: ["z"] })).toEqual([
    'error rules[1].name: the name "a" is taken by rules[0]',
  ]);
});

test("a tool that nobody routes is an error with the tool that was probably meant, not a rule that leaves exec alone", () => {
  expect(ruleLines(rule({ tools: ["exec", "exce", "web_search"] }))).toEqual([
    'error rules[0].tools[1]: "exce" is not a tool that can be routed | did you mean "exec"?',
    'error rules[0].tools[2]: "web_search" is not a tool that can be routed',
  ]);
});

test("every tool that a rule can send to a node may be listed, and no tool that it cannot", () => {
  const tools = [
    "exec",
    "nodes",
    "browser",
    "canvas",
    "computer",
    "mobile_ui",
    "node_inference",
    "file_fetch",
  ];
  const files = ["dir_list", "dir_fetch", "file_write"];
  expect(ruleLines(rule({ tools: [...tools, ...files] }))).toEqual([]);
  expect(ruleLines(rule({ tools: ["read", "process"] }))).toEqual([
    'error rules[0].tools[0]: "read" is not a tool that can be routed',
    'error rules[0].tools[1]: "process" is not a tool that can be routed',
  ]);
});

test("a tool may be written as OpenClaw lets one write it", () => {
  expect(ruleLines(rule({ tools: ["Exec", "bash", " Browser "] }))).toEqual([]);
  expect(ruleLines(rule({ tools: ["cron"] }))).toHaveLength(1);
});

test("weight 0 is a warning, a negative weight is not", () => {
  const prefer = [
    { selector: "gpu", weight: 0 },
    { selector: "gpu", weight: -100 },
  ];
  expect(ruleLines(rule({ prefer }))).toEqual([
    "warning rules[0].prefer[0].weight: weight 0 prefers nothing",
  ]);
});

test.each([
  [{ agents: ["x", "y"] }, { agents: ["y"] }],
  [{ agents: ["*"] }, { agents: ["cn-*"] }],
  [{ agents: ["cn-*"] }, { agents: ["cn-a-*"] }],
  [{ agents: ["cn-?"] }, { agents: ["cn-?"] }],
  [{ agents: ["CN-*"] }, { agents: ["Cn-A"] }],
  [
    { agents: ["x"], tools: ["bash"] },
    { agents: ["X"], tools: ["Exec"] },
  ],
  [
    { agents: ["x"], tools: ["exec", "nodes"] },
    { agents: ["x"], tools: ["exec"] },
  ],
])("a rule that an earlier one covers is a warning: %j covers %j", (first, second) => {
  expect(ruleLines({ name: "first", ...first }, { name: "second", ...second })).toEqual([
    'warning rules[1]: rule "second" never decides: "first" before it matches all of its calls',
  ]);
});

test("several rules together can cover one", () => {
  const rules = [rule({ agents: ["x"] }), { name: "b", agents: ["y"] }, { name: "c", agents: ["x", "y"] }];
  expect(ruleLines(...rules)).toEqual([
    'warning rules[2]: rule "c" never decides: "a" and "b" before it matches all of its calls',
  ]);
});

test.each([
  [{ agents: ["y"] }, { agents: ["x", "y"] }],
  [{ agents: ["cn-?"] }, { agents: ["cn-*"] }],
  [{ agents: ["cn-*"] }, { agents: ["*"] }],
  [{ agents: ["x"], tools: ["exec"] }, { agents: ["x"] }],
  [
    { agents: ["x"], tools: ["exec"] },
    { agents: ["x"], tools: ["exec", "nodes"] },
  ],
])("a rule that is reached at all is no warning: %j leaves something of %j", (first, second) => {
  expect(ruleLines({ name: "first", ...first }, { name: "second", ...second })).toEqual([]);
});

describe("minimum", () => {
  const resolved = (minimum: unknown) => resolveConfig({ rules: [rule({ minimum })] }).rules[0]?.minimum;

  test("keeps what was written; what was not asks nothing", () => {
    expect(resolved({ idleCpus: 0.5, freeDiskGiB: 10 })).toEqual({
      idleCpus: 0.5,
      freeMemoryGiB: null,
      freeDiskGiB: 10,
    });
    expect(resolved(undefined)).toBe(null);
  });

  test.each([{ idleCpus: -1 }, { freeMemoryGiB: "2" }, { freeMemoryGb: 2 }, 2])(
    "%j is refused, and so is the rule: nothing runs on a node that may be too full",
    (minimum) => {
      expect(ruleLines(rule({ minimum }))).toEqual([expect.stringMatching(/^error rules\[0\]\.minimum/)]);
      expect(resolved(minimum)).toBe(undefined);
    },
  );
});
