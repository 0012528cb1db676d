// What runs is what a person said yes to: the same command, variables and directory, and a yes at all.
import { expect, test } from "vitest";
import { agreementProblem } from "../../../src/nodeRouter/workspace/agreed.ts";
import { callOf } from "./arrange.ts";

const ROOT = "/node/ws";
const PLACES = { gatewayWorkspace: "/gateway/ws", root: ROOT };
const BROUGHT = { command: "git status", workdir: ROOT, env: { LANG: "C", FOO: "1" } };

function problemOf(params: object, { granted = true, brought = {} } = {}): string | null {
  const consent = { title: "t", description: "d", granted };
  const agreed = { consent, params: { command: "git status", env: { FOO: "1" }, ...params } };
  return agreementProblem(callOf({ agreed }), { ...BROUGHT, ...brought }, PLACES);
}

test("the same call, agreed to, runs; so does one that nobody had to agree to", () => {
  expect(problemOf({})).toBe(null);
  expect(agreementProblem(callOf(), { ...BROUGHT, command: "rm -rf /" }, PLACES)).toBe(null);
});

test("without a yes nothing runs, however it came here", () => {
  expect(problemOf({}, { granted: false })).toBe("nobody has said yes to it");
});

test.each([
  ["/src", "/src"],
  ["/src/./x//", "/src/x"],
  [" /src ", "/src"],
  ["lib", `${ROOT}/lib`],
  [".", ROOT],
  [ROOT, ROOT],
  ["/gateway/ws", ROOT],
  ["/gateway/ws/lib", `${ROOT}/lib`],
])("agreed to in %j it runs in %j and in no other directory", (named, workdir) => {
  expect(problemOf({ workdir: named }, { brought: { workdir } })).toBe(null);
  for (const other of ["/", "/etc", "/src/other", `${ROOT}/other`, "/srcs"]) {
    expect(problemOf({ workdir: named }, { brought: { workdir: other } })).toContain(
      `was agreed to in ${JSON.stringify(named)}, and would run in ${JSON.stringify(other)}`,
    );
  }
});

test.each([
  ["another command", { command: "rm -rf /" }, /command is not the one/],
  ["a changed variable", { env: { FOO: "2" } }, /variable "FOO" is not as it was/],
  ["a variable that is missing", { env: { LANG: "C" } }, /variable "FOO" is not as it was/],
  ["a directory that was not named", { workdir: "/etc" }, /would run in "\/etc"/],
])("%s is refused", (_what, brought, message) => {
  expect(problemOf({}, { brought })).toMatch(message);
});

test("a variable that never goes to a node is no change", () => {
  const never = { PATH: "/x", NODE_ROUTER_CALL: "id", HOME: ROOT, GH_TOKEN: "", OPENCLAW_X: "1" };
  expect(problemOf({ env: { FOO: "1", ...never } })).toBe(null);
});
