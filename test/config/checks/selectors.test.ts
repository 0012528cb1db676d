// What selectors ask for.
import { expect, test } from "vitest";
import { ruleLines } from "../support.ts";

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

test("a time zone is written as IANA writes it, slashes and all; nothing else may hold a slash", () => {
  const zones = "node.tz in (Asia/Singapore, America/Argentina/Buenos_Aires, Etc/GMT+8)";
  expect(ruleLines(rule({ require: zones }))).toEqual([]);
  expect(ruleLines(rule({ require: "node.tz!=asia/tokyo" }))).toEqual([
    'warning rules[0].require: node.tz holds IANA names such as "Asia/Singapore", so "asia/tokyo" is no node\'s time zone | did you mean "Asia/Tokyo"?',
  ]);
  expect(ruleLines(rule({ require: "node.tz=SGT" }))).toEqual([
    'warning rules[0].require: node.tz holds IANA names such as "Asia/Singapore", so "SGT" is no node\'s time zone',
  ]);
  const [line = ""] = ruleLines(rule({ require: "region=Asia/Singapore" }));
  expect(line).toMatch(/^error rules\[0\]\.require: selector "region=Asia\/Singapore" at column 8: /);
});

test("a country that there is not is no node's country, also in capitals", () => {
  expect(ruleLines(rule({ require: "node.country=UK" }))).toEqual([
    'warning rules[0].require: ISO 3166-1 gives the code "UK" to no country, so it is no node\'s country | did you mean "GB"?',
  ]);
  expect(ruleLines(rule({ require: "node.country!=" }))).toEqual([]);
});
