// A config whose own test fails is refused to the agents of that test, to no others, and only for what is certain.
import { expect, test } from "vitest";
import { PLUGIN_CONFIG } from "../../../src/config/currentConfig.ts";
import { testCurrentConfig } from "../../../src/nodeRouter/current/testedConfig.ts";
import { createMethods } from "../../../src/nodeRouter/surfaces/methods/methods.ts";
import { BOUND, CONFIG, fakeDeps } from "../../support/fakeDeps.ts";

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

const errorsOf = (config: object, ...tests: object[]) =>
  load(tests, config)
    .deps.memory.part(PLUGIN_CONFIG)
    .current?.problems.flatMap(({ severity, code }) => (severity === "error" ? [code] : []));

test("under a residency a node without a declared place is left open, for the tailnet may place it, and a declared one elsewhere is not", () => {
  const rules = [{ name: "resident", agents: ["worker-sg"], residency: { allow: ["SG"], egress: true } }];
  const expected = { agent: "worker-sg", expect: "node:mac-sg" };
  const node = (location?: object) => ({
    rules,
    nodes: { "mac-sg": { ...CONFIG.nodes["mac-sg"], location } },
    presence: { publicAddressUrl: "https://ip.example.com" },
  });
  expect(errorsOf(node(undefined), expected)).toEqual([]);
  // Where its packets leave nobody has asked yet: that is of the moment.
  expect(errorsOf(node({ country: "SG" }), expected)).toEqual([]);
  expect(errorsOf(node({ country: "CN" }), expected)).toEqual(["TEST_FAILED"]);
  expect(errorsOf(node({ country: "CN" }), { ...expected, expect: "refused" })).toEqual([]);
});

test("a taint that the agent's rule does not tolerate is of the config, so a test sees it", () => {
  const node = { ...CONFIG.nodes["mac-sg"], taints: ["prod:NoSchedule"] };
  const config = (tolerate: readonly string[]) => ({
    nodes: { "mac-sg": node },
    rules: [{ name: "zone", agents: ["worker-sg"], tolerate }],
  });
  expect(errorsOf(config(["prod"]), { agent: "worker-sg", expect: "node:mac-sg" })).toEqual([]);
  expect(errorsOf(config([]), { agent: "worker-sg", expect: "node:mac-sg" })).toEqual(["TEST_FAILED"]);
});

test("a workspace over the node protocol is tried as if the plugin were there", () => {
  const tests = [{ agent: "worker-sg", tool: "write", expect: "node:mac-sg" }];
  const hostConfig = { agents: { entries: { "worker-sg": { sandbox: BOUND } } } };
  const deps = fakeDeps({ config: { ...CONFIG, tests }, hostConfig });
  testCurrentConfig(deps);
  expect(deps.memory.part(PLUGIN_CONFIG).current?.problems).toEqual([]);
});
