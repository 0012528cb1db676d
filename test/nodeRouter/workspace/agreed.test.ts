// What runs is what a person said yes to: the same command, variables and directory, and a yes at all.
import { expect, test } from "vitest";
import { agreementProblem } from "../../../src/nodeRouter/workspace/agreed.ts";
import { callOf } from "./arrange.ts";

const ROOT = "/node/ws";
const BROUGHT = { command: "git status", workdir: ROOT, env: { LANG: "C", FOO: "1" } };

function problemOf(params: object, { granted = true, brought = {} } = {}): string | null {
  const consent = { title: "t", description: "d", granted };
  const agreed = { consent, params: { command: "git status", env: { FOO: "1" }, ...params } };
  return agreementProblem(callOf({ agreed }), { ...BROUGHT, ...brought }, ROOT);
}

test("the same call, agreed to, runs; so does one that nobody had to agree to", () => {
  expect(problemOf({})).toBe(null);
  expect(problemOf({ workdir: "/src" }, { brought: { workdir: "/src" } })).toBe(null);
  expect(agreementProblem(callOf(), { ...BROUGHT, command: "rm -rf /" }, ROOT)).toBe(null);
});

test("without a yes nothing runs, however it came here", () => {
  expect(problemOf({}, { granted: false })).toBe("nobody has said yes to it");
});

test.each([
  ["another command", { command: "rm -rf /" }, /command is not the one/],
  ["a changed variable", { env: { FOO: "2" } }, /variable "FOO" is not as it was/],
  ["a directory that was not named", { workdir: "/etc" }, /would run in "\/etc"/],
])("%s is refused", (_what, brought, message) => {
  expect(problemOf({}, { brought })).toMatch(message);
});

test("a variable that never goes to a node is no change", () => {
  expect(problemOf({ env: { FOO: "1", PATH: "/x", NODE_ROUTER_CALL: "id" } })).toBe(null);
});
