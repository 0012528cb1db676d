// A config whose own test fails is refused to the agents of that test, to no others, and only for what is certain.
import { expect, test } from "vitest";
import { PLUGIN_CONFIG } from "../../../src/config/currentConfig.ts";
import { testCurrentConfig } from "../../../src/nodeRouter/current/testedConfig.ts";
import { createMethods } from "../../../src/nodeRouter/surfaces/methods/methods.ts";
import { CONFIG, fakeDeps } from "../../support/fakeDeps.ts";

const HOST = { agents: { entries: { "worker-sg": {}, "worker-cn": {} } } };

function load(tests: readonly object[], config: object = CONFIG) {
  const deps = fakeDeps({ config: { ...config, tests }, hostConfig: HOST });
  testCurrentConfig(deps);
  const explain = async (agent: string) =>
    (await createMethods(deps, "1", async () => {}).explain({ agent })).message;
  return { deps, explain };
}

test("a failing test refuses its agent with its name and what happened, and no other agent", async () => {
  const { explain } = load([{ name: "home", agent: "worker-sg", expect: "node:mac-cn" }]);
  expect(await explain("worker-sg")).toBe(
    'CONFIG_INVALID: plugins.entries.node-router.config.tests[0]: test "home" fails: "worker-sg" expects node:mac-cn, and exec is placed on "mac-sg" (SG); change the rules or the test. Mend it, the gateway reloads by itself.',
  );
  expect(await explain("worker-cn")).toMatch(/runs on mac-cn/);
});

test("a test that passes refuses nobody, and trying twice tells one problem once", async () => {
  const fine = load([{ agent: "worker-sg", down: ["mac-sg"], expect: "refused" }]);
  expect(await fine.explain("worker-sg")).toMatch(/runs on mac-sg/);
  const { deps } = load([{ agent: "worker-sg", expect: "refused" }]);
  testCurrentConfig(deps);
  expect(deps.memory.part(PLUGIN_CONFIG).current?.problems.map(({ code }) => code)).toEqual(["TEST_FAILED"]);
});

test("a test that depends on what only the nodes can tell is left open when the config is loaded", async () => {
  const rules = [{ name: "macs", agents: ["worker-sg"], require: "node.os=linux" }];
  const { deps } = load([{ agent: "worker-sg", expect: "node:mac-sg" }], { ...CONFIG, rules });
  expect(
    deps.memory.part(PLUGIN_CONFIG).current?.problems.filter(({ severity }) => severity === "error"),
  ).toEqual([]);
});
