// A config whose own test fails is refused to the agents of that test, to no others, and only for what is certain.
import { describe, expect, test } from "vitest";
import { PLUGIN_CONFIG } from "../../../src/config/currentConfig.ts";
import { createToolPolicy } from "../../../src/hooks/toolPolicy.ts";
import { testCurrentConfig } from "../../../src/nodeRouter/current/testedConfig.ts";
import { policyNow } from "../../../src/nodeRouter/current/worldNow.ts";
import { createMethods } from "../../../src/nodeRouter/surfaces/methods/methods.ts";
import { BOUND, CONFIG, contextOf, execEvent, fakeDeps } from "../../support/fakeDeps.ts";

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

describe("a change of OpenClaw's own settings, for which no plugin is loaded anew", () => {
  const IN_WORKSPACE = { agents: { entries: { "worker-sg": { sandbox: BOUND }, "worker-cn": {} } } };
  const TESTS = [{ name: "home", agent: "worker-sg", expect: "node:mac-sg" }];
  /** Over SSH alone, so that without the binding no way of exec leads there. */
  const SSH_ALONE = {
    nodes: {
      "mac-sg": { ...CONFIG.nodes["mac-sg"], node: false, ssh: {} },
      "mac-cn": CONFIG.nodes["mac-cn"],
    },
    rules: CONFIG.rules,
  };

  function gateway(tests: readonly object[] = TESTS) {
    let host: object = IN_WORKSPACE;
    const fake = fakeDeps({ config: { ...SSH_ALONE, tests }, hostConfig: HOST });
    const deps = {
      ...fake,
      hostConfig: () => host,
    };
    testCurrentConfig(deps);
    const policy = createToolPolicy(deps);
    return {
      deps,
      set: (next: object) => {
        host = next;
      },
      exec: (agent: string) => policy(execEvent(fake, { command: "id" }), contextOf(agent)),
    };
  }

  test("refuses the agent of a test that fails since at its next call, and no longer when it is changed back", async () => {
    const { deps, set, exec } = gateway();
    const messages = async () =>
      (await createMethods(deps, "1", async () => {}).status()).problems.map(({ message }) => message);
    expect(policyNow(deps, configOf(deps), "worker-sg").invalid).toBe(null);
    set(HOST);
    expect(await exec("worker-sg")).toMatchObject({
      blockReason: expect.stringMatching(/^CONFIG_INVALID: .*tests\[0\]: test "home" fails: /),
    });
    expect(policyNow(deps, configOf(deps), "worker-cn").invalid).toBe(null);
    expect(await messages()).toEqual([expect.stringContaining('test "home" fails')]);
    // What holds for calls that wait is the same object all the while.
    expect(configOf(deps).problems).toEqual([]);
    set({ ...IN_WORKSPACE });
    expect(policyNow(deps, configOf(deps), "worker-sg").invalid).toBe(null);
    expect(await messages()).toEqual([]);
  });

  test("tries the tests once, and what comes out the same is the same config", () => {
    const { deps, set } = gateway();
    const config = configOf(deps);
    let looks = 0;
    set({
      get agents() {
        looks += 1;
        return IN_WORKSPACE.agents;
      },
    });
    policyNow(deps, config, "worker-sg");
    const first = looks;
    expect(first).toBeGreaterThan(0);
    for (let at = 0; at < 5; at++) policyNow(deps, config, "worker-sg");
    expect(looks).toBe(first);
    set({ ...IN_WORKSPACE, gateway: {} });
    for (let at = 0; at < 5; at++) expect(policyNow(deps, config, "worker-sg").config).toBe(config);
    set(HOST);
    const failed = policyNow(deps, config, "worker-sg").config;
    expect(policyNow(deps, failed, "worker-sg").config).toBe(failed);
    set({ ...HOST });
    expect(policyNow(deps, config, "worker-sg").config).toBe(failed);
  });

  test("a config of OpenClaw that cannot be read tries them as when it is loaded", () => {
    const { deps } = gateway();
    const broken = {
      ...deps,
      hostConfig: () => {
        throw new Error("no config");
      },
    };
    expect(policyNow(broken, configOf(deps), "worker-sg").invalid).toMatchObject({ code: "CONFIG_INVALID" });
  });

  test("of a config without tests costs nothing", () => {
    const { deps, set } = gateway([]);
    set(HOST);
    expect(policyNow(deps, configOf(deps), "worker-sg").config).toBe(configOf(deps));
  });
});

function configOf({ memory }: Pick<ReturnType<typeof fakeDeps>, "memory">) {
  const { current } = memory.part(PLUGIN_CONFIG);
  if (current === null) throw new Error("no config");
  return current;
}

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
