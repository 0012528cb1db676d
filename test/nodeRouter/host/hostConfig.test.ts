// Settings of the host that concern placement, read out of a config that can be anything.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  agentIds,
  agentKey,
  agentSection,
  bindingOf,
  execSetting,
  hasPathPrepend,
  sandboxMode,
} from "../../../src/nodeRouter/host/hostConfig.ts";

const withSandbox = (sandbox: object, defaults: object = {}) => ({
  agents: { entries: { a: { sandbox } }, defaults: { sandbox: defaults } },
});

describe("bindingOf", () => {
  test.each([
    [{ mode: "all", backend: "node-router" }, {}, "workspace"],
    [{ mode: "non-main", backend: "node-router" }, {}, "workspace"],
    [{ mode: "off", backend: "node-router" }, {}, "exec"],
    [{ backend: "node-router" }, {}, "exec"],
    [{ mode: "all", backend: "docker" }, {}, "exec"],
    [{ mode: "all" }, { backend: "node-router" }, "workspace"],
    [{ mode: "off" }, { mode: "all", backend: "node-router" }, "exec"],
    [{}, {}, "exec"],
  ])("%j with defaults %j is %s", (own, defaults, binding) => {
    expect(bindingOf(withSandbox(own, defaults), "a")).toBe(binding);
  });

  test("another agent's sandbox, or one of an agent called like a property, says nothing", () => {
    const config = withSandbox({ mode: "all", backend: "node-router" });
    expect(bindingOf(config, "b")).toBe("exec");
    expect(bindingOf(config, "__proto__")).toBe("exec");
    expect(bindingOf(config, "constructor")).toBe("exec");
  });
});

test("an agent's own exec setting goes before the gateway's", () => {
  const config = {
    tools: { exec: { host: "auto" } },
    agents: { entries: { a: { tools: { exec: { host: "node" } } } } },
  };
  expect(execSetting(config, "a", "host")).toBe("node");
  expect(execSetting(config, "b", "host")).toBe("auto");
  expect(execSetting({}, "a", "host")).toBe(undefined);
});

test("the host's warning about pathPrepend is only true when somebody set some", () => {
  expect(hasPathPrepend({ tools: { exec: { pathPrepend: ["/opt"] } } }, "a")).toBe(true);
  expect(hasPathPrepend({ tools: { exec: { pathPrepend: [] } } }, "a")).toBe(false);
  expect(hasPathPrepend({ tools: { exec: { pathPrepend: "/opt" } } }, "a")).toBe(false);
  expect(hasPathPrepend({}, "a")).toBe(false);
});

test("no config makes it throw", () => {
  fc.assert(
    fc.property(fc.anything(), fc.string(), (config, agent) => {
      expect(agentIds(config)).toBeInstanceOf(Array);
      expect(sandboxMode(config, agent)).toBeTypeOf("string");
      expect(["exec", "workspace"]).toContain(bindingOf(config, agent));
    }),
  );
});

describe("an agent whose key is not written as the host writes ids", () => {
  const config = {
    agents: {
      entries: {
        "Worker-SG": { tools: { exec: { host: "node" } }, sandbox: { mode: "all", backend: "node-router" } },
      },
    },
  };

  test("has the host's id, and its settings are found under its key", () => {
    expect(agentIds(config)).toEqual(["worker-sg"]);
    expect(agentKey(config, "worker-sg")).toBe("Worker-SG");
    expect(execSetting(config, "worker-sg", "host")).toBe("node");
    expect(bindingOf(config, "worker-sg")).toBe("workspace");
  });

  test("an exact key goes before one that only differs in case", () => {
    const both = { agents: { entries: { "Worker-SG": { a: 1 }, "worker-sg": { a: 2 } } } };
    expect(agentIds(both)).toEqual(["worker-sg"]);
    expect(agentSection(both, "worker-sg")).toEqual({ a: 2 });
    expect(agentKey(both, "nobody")).toBe("nobody");
  });
});
