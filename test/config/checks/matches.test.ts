// Rules that no configured node meets.
import { expect, test } from "vitest";
import { linesOf, ruleLines } from "../support.ts";

const rule = (parts: object) => ({ name: "a", agents: ["x"], ...parts });

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
