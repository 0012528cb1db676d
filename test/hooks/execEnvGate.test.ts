// The gate in front of a start on the gateway: variables that no process can be started with.
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { createExecEnvGate, GATE_PREFIX } from "../../src/hooks/execEnvGate.ts";
import { isGateError } from "../../src/hooks/resultLine.ts";
import { CONFIG, contextOf, type FakeOptions, fakeDeps } from "../support/fakeDeps.ts";

const gate = (host: string | undefined, agent = "worker-sg", options: FakeOptions = {}) =>
  createExecEnvGate(fakeDeps(options))({ host }, contextOf(agent));

const textsOf = (env: object | undefined) => Object.values(env ?? {}).filter((value) => value.length < 1_000);

const rulesWith = (changes: object) => ({
  ...CONFIG,
  rules: CONFIG.rules.map((rule) => ({ ...rule, ...changes })),
});
/** Both variables, whatever their names and values. */
const CLOSED = expect.toSatisfy((env: object) => Object.keys(env).length === 2);
const WORKSPACE = {
  agents: { entries: { "worker-sg": { sandbox: { mode: "all", backend: "node-router" } } } },
};

describe("closed", () => {
  test.each([
    ["gateway", "gateway"],
    ["sandbox", "sandbox"],
    ["auto", "auto"],
    [undefined, "gateway"],
  ])("for a routed agent on host %s", (host, named) => {
    expect(textsOf(gate(host))).toEqual([`exec of agent "worker-sg" may not run on host "${named}"\0`]);
  });

  test("under names that no other plugin can know and set again", () => {
    for (const name of Object.keys(gate("gateway") ?? {}))
      expect(name).toMatch(new RegExp(`^${GATE_PREFIX}_(BULK_)?[0-9A-F]{16}$`));
  });

  test("for an agent whose config is broken, also when its rule named the gateway", () => {
    const config = rulesWith({ require: "(", onUnavailable: "gateway" });
    expect(gate("gateway", "worker-sg", { config })).toEqual(CLOSED);
  });

  test("for another sandbox than ours", () => {
    const docker = { agents: { entries: { "worker-sg": { sandbox: { mode: "all", backend: "docker" } } } } };
    expect(gate("sandbox", "worker-sg", { hostConfig: docker })).toEqual(CLOSED);
    expect(gate("gateway", "worker-sg", { hostConfig: WORKSPACE })).toEqual(CLOSED);
  });
});

describe("open", () => {
  test.each([
    ["on a node", "node", "worker-sg", {}],
    ["for an unrouted agent", "gateway", "master", {}],
    [
      "where the rule allows the gateway",
      "gateway",
      "worker-sg",
      { config: rulesWith({ onUnavailable: "gateway" }) },
    ],
    [
      "where the rule is about other tools",
      "gateway",
      "worker-sg",
      { config: rulesWith({ tools: ["browser"] }) },
    ],
    ["in shadow mode", "gateway", "worker-sg", { config: { ...CONFIG, mode: "shadow" } }],
    ["before there is a config", "gateway", "worker-sg", { config: null }],
    ["in our own sandbox", "sandbox", "worker-sg", { hostConfig: WORKSPACE }],
  ] as [string, string, string, FakeOptions][])("%s", (_case, host, agent, options) => {
    expect(gate(host, agent, options)).toBe(undefined);
  });
});

describe("an agent whose workspace is on a node", () => {
  test("passes in its sandbox only, also without a rule and in shadow mode: elevated would be the gateway", () => {
    const rules = CONFIG.rules.filter(({ name }) => name !== "singapore");
    for (const config of [
      CONFIG,
      { ...CONFIG, rules },
      { ...CONFIG, mode: "shadow" },
      rulesWith({ onUnavailable: "gateway" }),
    ]) {
      const options = { config, hostConfig: WORKSPACE };
      expect(gate("sandbox", "worker-sg", options)).toBe(undefined);
      expect(gate("gateway", "worker-sg", options)).toEqual(CLOSED);
      expect(gate(undefined, "worker-sg", options)).toEqual(CLOSED);
    }
  });

  test("on a node it is the node-invoke policy's to refuse: megabytes of variables would go over the wire", () => {
    expect(gate("node", "worker-sg", { hostConfig: WORKSPACE })).toBe(undefined);
  });
});

describe("a real start", () => {
  const env = { PATH: process.env.PATH, ...gate("gateway") };

  test("fails before anything runs, and its error is told in our words", () => {
    let error = "";
    try {
      spawnSync("/bin/sh", ["-c", "echo ran"], { env });
    } catch (thrown) {
      error = String(thrown);
    }
    expect(error).toContain("must be a string without null bytes");
    expect(isGateError(error)).toBe(true);
  });

  test("fails also where values are cut at the NUL character, as a terminal library does", () => {
    const cut = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, value?.split("\0")[0]]));
    const { error, stdout } = spawnSync("/bin/sh", ["-c", "echo ran"], { env: cut });
    expect([error !== undefined && "code" in error && error.code, String(stdout ?? "")]).toEqual([
      "E2BIG",
      "",
    ]);
    const small = Object.fromEntries(Object.entries(cut).filter(([key]) => !key.includes("_BULK_")));
    expect(String(spawnSync("/bin/sh", ["-c", "echo ran"], { env: small }).stdout)).toBe("ran\n");
  });
});
