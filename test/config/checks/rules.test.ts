import { expect, test } from "vitest";
import { linesOf, ruleLines } from "../support.ts";

const rule = (parts: object) => ({ name: "a", agents: ["x"], ...parts });

test("a selector that cannot be parsed keeps its position, in require and in prefer", () => {
  expect(ruleLines(rule({ require: "gpu in nvidia", prefer: [{ selector: "!", weight: 1 }] }))).toEqual([
    'error rules[0].require: selector "gpu in nvidia" at column 8: found "nvidia", expected "("',
    'error rules[0].prefer[0].selector: selector "!" at column 2: found the end, expected a tag key',
  ]);
});

test("a selector may use every built-in tag, and no other", () => {
  const known =
    "node.os=linux,node.arch,node.transport!=ssh,node.country=SG,node.region,node.city,node.tz=Asia/Singapore,node.name in (mac-sg)";
  expect(ruleLines(rule({ require: known }))).toEqual([]);
  expect(ruleLines(rule({ require: "node.oss=linux" }))).toEqual([
    'error rules[0].require: "node.oss" is not a built-in tag; there are node.name, node.os, node.arch, node.transport, node.country, node.region, node.city, node.tz | did you mean "node.os"?',
  ]);
});

test("a rule that demands a node which does not exist is an error", () => {
  expect(ruleLines(rule({ require: "node.name in (mac-sgg,mac-cn)" }))).toEqual([
    'error rules[0].require: no node is named "mac-sgg" under nodes | did you mean "mac-sg"?',
  ]);
  expect(ruleLines(rule({ prefer: [{ selector: "node.name=zzz", weight: 1 }] }))).toEqual([
    'error rules[0].prefer[0].selector: no node is named "zzz" under nodes',
  ]);
});

test("a rule that rules out a node which does not exist is only a warning: it misplaces nothing", () => {
  expect(ruleLines(rule({ require: "node.name!=mac-sgg" }))).toEqual([
    'warning rules[0].require: no node is named "mac-sgg" under nodes | did you mean "mac-sg"?',
  ]);
});

test("a country in small letters is no node's country", () => {
  expect(ruleLines(rule({ require: "node.country=sg" }))).toEqual([
    'warning rules[0].require: node.country is written in capitals, so "sg" is no node\'s country | did you mean "SG"?',
  ]);
});

test.each([
  ["region=sgg", 'did you mean "region=sg"?'],
  ["region in (sgg,zz)", 'did you mean "region=sg"?'],
  ["gpuu", 'did you mean "gpu"?'],
  ["regoin=sg", 'did you mean "region=sg"?'],
])("a rule that no configured node meets is a warning with the nearest tag: %s", (require, suggestion) => {
  expect(ruleLines(rule({ require }))).toEqual([
    `warning rules[0].require: rule "a" matches none of the 2 configured nodes | ${suggestion}`,
  ]);
});

test("tags that exist, but not on one node together, get no suggestion", () => {
  expect(ruleLines(rule({ require: "region=cn,gpu" }))).toEqual([
    'warning rules[0].require: rule "a" matches none of the 2 configured nodes',
  ]);
});

test("a rule that uses a built-in tag is not said to match nothing: its facts are not in the config", () => {
  expect(ruleLines(rule({ require: "region=hk,node.os=linux" }))).toEqual([]);
});

test("the number of nodes is told in words that fit", () => {
  const rules = [rule({ require: "region=sg" })];
  expect(linesOf({ nodes: { a: { tags: ["gpu"] } }, rules })).toEqual([
    'warning rules[0].require: rule "a" matches not the one configured node',
  ]);
  expect(linesOf({ rules })).toEqual([
    'warning rules[0].require: rule "a" matches no node: none is configured',
  ]);
});

test("without configured nodes a negative selector still finds paired ones", () => {
  expect(linesOf({ rules: [rule({ require: "!spot" })] })).toEqual([]);
});

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
