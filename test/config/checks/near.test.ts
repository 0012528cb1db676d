// What a rule may be near to.
import { expect, test } from "vitest";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { linesOf } from "../support.ts";

const rule = (parts: object) => ({ name: "a", agents: ["x"], ...parts });

const near = (value: unknown, nodes: object = { "mac-sg": { location: { country: "SG" } } }) =>
  linesOf({ nodes, rules: [rule({ near: value, require: "!none" })] });
const resolved = (value: unknown) => resolveConfig({ rules: [rule({ near: value })] }).rules[0]?.near;

test("is the gateway, a node, or a point; without it distance does not matter", () => {
  expect(resolved("gateway")).toEqual({ kind: "gateway" });
  expect(resolved("mac-sg")).toEqual({ kind: "node", name: "mac-sg" });
  expect(resolved({ latitude: 0, longitude: -180 })).toEqual({
    kind: "point",
    latitude: 0,
    longitude: -180,
  });
  expect(resolved(undefined)).toBe(null);
  expect(near("gateway")).toEqual([]);
  expect(near("mac-sg")).toEqual([]);
});

test("a node that does not exist is a warning: nothing is misplaced, only not ranked", () => {
  expect(near("mac-sgg")).toEqual([
    'warning rules[0].near: no node is named "mac-sgg" under nodes, so no node counts as near | did you mean "mac-sg"?',
  ]);
  expect(near("gatewya")).toEqual([
    'warning rules[0].near: no node is named "gatewya" under nodes, so no node counts as near | did you mean "gateway"?',
  ]);
});

test("a node that declares no place is a warning; a country or coordinates are enough", () => {
  const line =
    'warning rules[0].near: node "b" declares neither coordinates nor a country, so distances from it are known only while its place can be inferred';
  expect(near("b", { b: {} })).toEqual([line]);
  expect(near("b", { b: { location: { timeZone: "Asia/Singapore" } } })).toEqual([line]);
  expect(near("b", { b: { location: { country: "SG" } } })).toEqual([]);
  expect(near("b", { b: { location: { latitude: 0, longitude: 0 } } })).toEqual([]);
});

test("a node called gateway is not meant, and that is told", () => {
  expect(near("gateway", { gateway: {} })).toEqual([
    'warning rules[0].near: "gateway" means the machine that the gateway runs on, not the node of that name',
  ]);
});

test.each([
  5,
  "",
  { latitude: 1 },
  { latitude: 1, longitude: 200 },
  { latitude: 1, longitude: 2, city: "x" },
])("%j is refused, and so is the rule", (value) => {
  expect(near(value)).toEqual([expect.stringMatching(/^error rules\[0\]\.near: expected string or object/)]);
  expect(resolved(value)).toBe(undefined);
});
