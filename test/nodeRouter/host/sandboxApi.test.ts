// The probe of the host's private sandbox API: what is missing or different is said, never thrown.
import { describe, expect, test } from "vitest";
import { probeSandboxApi, type SandboxBackend } from "../../../src/nodeRouter/host/sandboxApi.ts";

const BACKEND: SandboxBackend = {
  factory: () => Promise.reject(new Error("not in this test")),
  manager: {
    describeRuntime: () => Promise.reject(new Error("not in this test")),
    removeRuntime: async () => {},
  },
  resolveWorkdir: () => undefined,
};

/** A host that keeps what was registered, as OpenClaw 2026.9.6 does. */
function host() {
  const backends = new Map<unknown, unknown>();
  return {
    backends,
    module: {
      registerSandboxBackend(id: unknown, backend: unknown) {
        backends.set(id, backend);
        return () => backends.delete(id);
      },
      getSandboxBackendFactory: (id: unknown) => (backends.has(id) ? () => {} : null),
    },
  };
}

describe("a host with the API", () => {
  test("registers, and takes back what it registered", async () => {
    const { backends, module } = host();
    const api = await probeSandboxApi(async () => module);
    if (!api.ok) throw new Error(api.reason);
    const unregister = api.register("node-router", BACKEND);
    expect(backends.get("node-router")).toBe(BACKEND);
    unregister();
    expect(backends.size).toBe(0);
  });

  test("the probe itself registers nothing", async () => {
    const { backends, module } = host();
    await probeSandboxApi(async () => module);
    expect(backends.size).toBe(0);
  });

  test("the installed OpenClaw has it", async () => {
    expect(await probeSandboxApi()).toMatchObject({ ok: true });
  }, 60_000);
});

describe("a host without it", () => {
  test.each<[string, unknown, string]>([
    ["nothing exported", {}, "exports no registerSandboxBackend"],
    ["another kind", { registerSandboxBackend: {} }, "exports no registerSandboxBackend"],
    ["half of it", { registerSandboxBackend: () => () => {} }, "exports no getSandboxBackendFactory"],
    ["no module", null, "exports no registerSandboxBackend"],
  ])("%s: the reason says what is missing", async (_, module, fact) => {
    const api = await probeSandboxApi(async () => module);
    expect(api).toEqual({
      ok: false,
      reason: `this OpenClaw has no sandbox API that node-router knows: "openclaw/plugin-sdk/sandbox" ${fact}; install a version of OpenClaw and node-router that fit together`,
    });
  });

  test("the module is gone: the reason holds the host's own, on one line", async () => {
    const api = await probeSandboxApi(() => Promise.reject(new Error("Cannot find package\n    at x")));
    expect(api).toMatchObject({ ok: false });
    expect(!api.ok && api.reason).toContain("cannot be loaded (Cannot find package);");
  });

  test("a registration that returns something else, or is not kept, is a fault and not a backend", async () => {
    const { module } = host();
    const other = await probeSandboxApi(async () => ({ ...module, registerSandboxBackend: () => ({}) }));
    expect(() => other.ok && other.register("node-router", BACKEND)).toThrow("returned no function");
    const deaf = await probeSandboxApi(async () => ({ ...module, registerSandboxBackend: () => () => {} }));
    expect(() => deaf.ok && deaf.register("node-router", BACKEND)).toThrow("did not take");
  });
});
