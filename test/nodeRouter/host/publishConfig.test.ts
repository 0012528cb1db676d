// Several registrations of the module in one process, and whose config holds.
import { describe, expect, test } from "vitest";
import { publishConfig } from "../../../src/nodeRouter/host/publishConfig.ts";
import { createSharedState, sharedState } from "../../../src/nodeRouter/process/sharedState.ts";

const rules = (name: string) => ({ rules: [{ name, agents: ["a"] }] });
const register = (registrationMode: string, pluginConfig?: unknown) => ({ registrationMode, pluginConfig });
const namesOf = (state: ReturnType<typeof createSharedState>) => state.config?.rules.map((rule) => rule.name);

describe("publishConfig", () => {
  test("every full registration speaks, also from a good config to a bad one and back", () => {
    const state = createSharedState(() => 0);
    publishConfig(register("full", rules("first")), state, 1);
    expect(namesOf(state)).toEqual(["first"]);
    publishConfig(register("full", { rules: 5 }), state, 2);
    expect(namesOf(state)).toEqual([]);
    expect(state.config?.problems[0]).toMatchObject({ severity: "error", agents: "*" });
    publishConfig(register("full", rules("third")), state, 3);
    expect(namesOf(state)).toEqual(["third"]);
    expect(state.config?.problems.filter((problem) => problem.severity === "error")).toEqual([]);
    expect(state.fullRegisteredAtMs).toBe(3);
  });

  test("a discovery registration with an older config does not override", () => {
    const state = createSharedState(() => 0);
    publishConfig(register("full", rules("new")), state, 1);
    publishConfig(register("discovery", rules("old")), state, 2);
    expect(namesOf(state)).toEqual(["new"]);
    expect(state).toMatchObject({ fullRegisteredAtMs: 1, hooksRegisteredAtMs: 2 });
  });

  test("in a command's own process, which has no full one, the first of any kind speaks", () => {
    const state = createSharedState(() => 0);
    publishConfig(register("discovery", rules("cli")), state, 1);
    publishConfig(register("discovery", rules("later")), state, 2);
    expect(namesOf(state)).toEqual(["cli"]);
    expect(state.fullRegisteredAtMs).toBe(null);
  });

  test("no config at all is the empty one, not none: nothing is routed, nothing is wrong", () => {
    const state = createSharedState(() => 0);
    publishConfig(register("full"), state, 1);
    expect(state.config).toMatchObject({ mode: "enforce", rules: [], problems: [] });
  });

  test("new hooks clear the agents that were seen without them, a new service does not", () => {
    const state = createSharedState(() => 0);
    state.missedAgents.add("worker-sg");
    publishConfig(register("full"), state, 1);
    expect([...state.missedAgents]).toEqual(["worker-sg"]);
    publishConfig(register("discovery"), state, 2);
    expect([...state.missedAgents]).toEqual([]);
  });
});

test("the state is one for the whole process, however often the module is evaluated", () => {
  const key = Symbol.for("openclaw-node-router");
  const before: unknown = Reflect.get(globalThis, key);
  Reflect.deleteProperty(globalThis, key);
  try {
    const state = sharedState();
    expect(sharedState()).toBe(state);
    expect(Reflect.get(globalThis, key)).toBe(state);
    // A later version of the plugin starts afresh; what an older one left is of another shape.
    Reflect.set(globalThis, key, { version: 0 });
    expect(sharedState()).not.toBe(state);
    Reflect.set(globalThis, key, "somebody else's");
    expect(sharedState()).toMatchObject({ config: null });
  } finally {
    Reflect.set(globalThis, key, before);
  }
});
