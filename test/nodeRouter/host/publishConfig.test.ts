// Several registrations of the module in one process, and whose config holds.
import { beforeEach, describe, expect, test } from "vitest";
import { PLUGIN_CONFIG } from "../../../src/config/currentConfig.ts";
import { publishConfig } from "../../../src/nodeRouter/host/publishConfig.ts";
import { createMemory, type Memory } from "../../../src/shared/processMemory.ts";

const rules = (name: string) => ({ rules: [{ name, agents: ["a"] }] });
const register = (registrationMode: string, pluginConfig?: unknown) => ({ registrationMode, pluginConfig });

let memory: Memory;
beforeEach(() => {
  memory = createMemory(() => 0);
});
const current = () => memory.part(PLUGIN_CONFIG).current;
const names = () => current()?.rules.map((rule) => rule.name);

describe("publishConfig", () => {
  test("every full registration speaks, also from a good config to a bad one and back", () => {
    publishConfig(register("full", rules("first")), memory);
    expect(names()).toEqual(["first"]);
    publishConfig(register("full", { rules: 5 }), memory);
    expect(names()).toEqual([]);
    expect(current()?.problems[0]).toMatchObject({ severity: "error", agents: "*" });
    publishConfig(register("full", rules("third")), memory);
    expect(names()).toEqual(["third"]);
    expect(current()?.problems.filter((problem) => problem.severity === "error")).toEqual([]);
  });

  test("a discovery registration with an older config does not override", () => {
    publishConfig(register("full", rules("new")), memory);
    publishConfig(register("discovery", rules("old")), memory);
    expect(names()).toEqual(["new"]);
  });

  test("in a command's own process, which has no full one, the first of any kind speaks", () => {
    publishConfig(register("discovery", rules("cli")), memory);
    publishConfig(register("discovery", rules("later")), memory);
    expect(names()).toEqual(["cli"]);
  });

  test("no config at all is the empty one, not none: nothing is routed, nothing is wrong", () => {
    publishConfig(register("full"), memory);
    expect(current()).toMatchObject({ mode: "enforce", rules: [], problems: [] });
  });
});
