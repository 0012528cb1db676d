// The operator's exec policy, in every spelling that OpenClaw has for it.
import { describe, expect, test } from "vitest";
import { execPolicy } from "../../../src/nodeRouter/host/execPolicy.ts";

const hostOf = (own: object = {}, shared: object = {}) => ({
  tools: { exec: shared },
  agents: { entries: { "worker-sg": { tools: { exec: own } } } },
});
const kind = (own: object = {}, shared: object = {}, permissionMode: string | null = null, asked?: unknown) =>
  execPolicy(hostOf(own, shared), "worker-sg", permissionMode, asked).kind;

describe("one layer", () => {
  test.each([
    ["run", {}],
    ["run", { mode: "full" }],
    ["ask", { mode: "ask" }],
    ["ask", { mode: "auto" }],
    ["allowlist", { mode: "allowlist" }],
    ["deny", { mode: "deny" }],
    ["run", { security: "full" }],
    ["deny", { security: "deny" }],
    ["allowlist", { security: "allowlist" }],
    ["ask", { security: "allowlist", ask: "on-miss" }],
    ["ask", { security: "allowlist", ask: "always" }],
    ["ask", { security: "full", ask: "always" }],
    ["ask", { ask: "always" }],
    // Without an allowlist there is no miss: OpenClaw asks nobody either.
    ["run", { security: "full", ask: "on-miss" }],
    ["run", { ask: "on-miss" }],
    ["run", { ask: "off" }],
    // A mode says both; what stands beside it is not read.
    ["run", { mode: "full", security: "deny", ask: "always" }],
    ["deny", { security: "deny", ask: "always" }],
  ])("%s: %j", (expected, exec) => {
    expect(kind(exec)).toBe(expected);
    expect(kind({}, exec)).toBe(expected);
  });

  test.each([{ mode: "Ask" }, { mode: 5 }, { security: "none" }, { ask: true }, { mode: "__proto__" }])(
    "a value that the host would not take says nothing: %j",
    (exec) => {
      expect(kind(exec)).toBe("run");
    },
  );
});

describe("the agent's own layer", () => {
  test("replaces the one of all agents where it speaks, as in the host", () => {
    expect(kind({ mode: "full" }, { mode: "deny" })).toBe("run");
    expect(kind({ mode: "deny" }, { mode: "full" })).toBe("deny");
    expect(kind({ ask: "on-miss" }, { mode: "allowlist" })).toBe("ask");
    expect(kind({ security: "full" }, { mode: "ask" })).toBe("run");
    expect(kind({}, { mode: "ask" })).toBe("ask");
  });

  test("is found under a key in capitals", () => {
    const config = { agents: { entries: { "Worker-SG": { tools: { exec: { mode: "ask" } } } } } };
    expect(execPolicy(config, "worker-sg", null, undefined)).toEqual({
      kind: "ask",
      source: 'agents.entries.Worker-SG.tools.exec.mode "ask"',
    });
  });
});

describe("the session's permission mode", () => {
  test.each([
    ["read-only", "deny"],
    ["guarded", "ask"],
    ["workspace", "ask"],
    ["full", "run"],
  ])("%s decides alone: %s", (mode, expected) => {
    expect(kind({ mode: expected === "run" ? "deny" : "full" }, {}, mode)).toBe(expected);
  });

  test("one that nobody knows leaves it to the config", () => {
    expect(kind({ mode: "ask" }, {}, "constructor")).toBe("ask");
    expect(kind({}, {}, "")).toBe("run");
  });
});

describe("what the model asks for", () => {
  test("makes a policy that asks ask always, and never opens one", () => {
    expect(kind({ security: "full", ask: "on-miss" }, {}, null, "always")).toBe("ask");
    expect(kind({ mode: "ask" }, {}, null, "off")).toBe("ask");
    expect(kind({ mode: "allowlist" }, {}, null, "always")).toBe("allowlist");
    expect(kind({ mode: "deny" }, {}, null, "off")).toBe("deny");
  });

  test("is not heard where the operator asks for nothing: models say it at random", () => {
    expect(kind({}, {}, null, "always")).toBe("run");
  });
});

test("says which setting it was", () => {
  const source = (own: object, shared: object) => {
    const found = execPolicy(hostOf(own, shared), "worker-sg", null, undefined);
    return found.kind === "run" ? null : found.source;
  };
  expect(source({}, { mode: "ask" })).toBe('tools.exec.mode "ask"');
  expect(source({ security: "allowlist", ask: "always" }, {})).toBe(
    'agents.entries.worker-sg.tools.exec.security "allowlist" and agents.entries.worker-sg.tools.exec.ask "always"',
  );
});
