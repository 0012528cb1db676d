// Registrations of the plugin and the one backend that the host has.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  probeSandboxApi,
  SANDBOX_PROBLEM,
  type SandboxBackend,
} from "../../../src/nodeRouter/host/sandboxApi.ts";
import { SSH_TRANSPORT } from "../../../src/nodeRouter/transports/transport.ts";
import {
  type RuntimeCleanup,
  registerWorkspace,
  type WorkspaceHost,
} from "../../../src/nodeRouter/workspace/register.ts";
import { WORKSPACE } from "../../../src/nodeRouter/workspace/workspaceState.ts";
import { type FakeDeps, fakeDeps } from "../../support/fakeDeps.ts";

let folder: string;
let deps: FakeDeps;
/** The host's map, with its way of restoring what was there before. */
let backends: { backend: unknown; previous: unknown }[];
let current: { backend: unknown; previous: unknown } | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nr-register-"));
  deps = fakeDeps();
  backends = [];
  current = undefined;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sandboxModule = {
  registerSandboxBackend(_: string, backend: SandboxBackend) {
    const entry = { backend, previous: current };
    backends.push(entry);
    current = entry;
    return () => {
      if (current === entry) current = undefined;
    };
  },
  getSandboxBackendFactory: () => current && (() => {}),
};

interface Registration {
  readonly cleanup: (context: RuntimeCleanup) => void;
  readonly dispose: () => void;
}

async function register(mode = "full", module: unknown = sandboxModule): Promise<Registration> {
  let cleanup: Registration["cleanup"] = () => {};
  let dispose = () => {};
  const api: WorkspaceHost = {
    registrationMode: mode,
    lifecycle: {
      onDispose: (given) => {
        dispose = given;
      },
      registerRuntimeLifecycle: (lifecycle) => {
        cleanup = lifecycle.cleanup;
      },
    },
    runtime: { state: { resolveStateDir: () => folder } },
  };
  await registerWorkspace(api, deps, {
    audit: { begin: async () => {}, end: () => {}, announcement: () => "" },
    probe: () => probeSandboxApi(async () => module),
  });
  return { cleanup, dispose };
}

describe("the newest registration is the host's", () => {
  test("none of the earlier registrations stays with the host behind the newest", async () => {
    await register();
    await register("discovery");
    await register("discovery");
    expect(backends).toHaveLength(3);
    expect(current).toBe(backends[2]);
    expect(backends.map(({ previous }) => previous)).toEqual([undefined, undefined, undefined]);
  });

  test("it opens nothing: no server, no connection", async () => {
    await register();
    expect(deps.memory.part(WORKSPACE).server).toBeNull();
    expect(deps.memory.part(SSH_TRANSPORT).current).toBeNull();
    expect(deps.memory.part(SANDBOX_PROBLEM).current).toBeNull();
    expect(deps.listCalls).toBe(0);
  });
});

describe("through which registration the host is reached", () => {
  test("the newest full one while it lives, then what is there", async () => {
    const registrations = deps.memory.part(WORKSPACE).registrations;
    const discovery = await register("discovery");
    const first = registrations.current();
    const full = await register("full");
    await register("discovery");
    expect(registrations.current()?.full).toBe(true);
    full.dispose();
    expect(registrations.current()).not.toBe(first);
    expect(registrations.current()?.full).toBe(false);
    discovery.dispose();
    expect(registrations.current()).not.toBeNull();
  });

  test("between two there is none, and a run waits for the next only so long", async () => {
    const registrations = deps.memory.part(WORKSPACE).registrations;
    const only = await register();
    only.dispose();
    expect(registrations.current()).toBeNull();
    expect(await registrations.wait(1)).toBeNull();
    const waiting = registrations.wait(60_000);
    await register();
    expect(await waiting).toBe(registrations.current());
  });
});

describe("taking it back", () => {
  test.each<[string, RuntimeCleanup]>([
    ["a reload", { reason: "restart" }],
    ["a session's reset", { reason: "reset", sessionKey: "agent:a:main" }],
    ["a session's end that says disable", { reason: "disable", sessionKey: "agent:a:main" }],
    ["a run's end", { reason: "disable", runId: "r" }],
  ])("%s leaves it registered", async (_, context) => {
    const { cleanup, dispose } = await register();
    cleanup(context);
    dispose();
    expect(current).toBeDefined();
  });

  test("disable takes it back, whichever registration came last", async () => {
    const full = await register("full");
    await register("discovery");
    full.cleanup({ reason: "disable" });
    expect(current).toBeUndefined();
    expect(deps.memory.part(WORKSPACE).unregister).toBeNull();
  });

  test("a late disable of an old registration does not take a new one's backend", async () => {
    const old = await register("full");
    await register("full");
    old.cleanup({ reason: "disable" });
    expect(current).toBeDefined();
  });

  test("enabled again it is registered again", async () => {
    (await register()).cleanup({ reason: "disable" });
    await register();
    expect(current).toBeDefined();
  });
});

describe("a host without the API", () => {
  test("nothing is thrown; the reason is kept, logged once, and goes when the host has it", async () => {
    await register("full", {});
    await register("discovery", {});
    const problem = deps.memory.part(SANDBOX_PROBLEM).current;
    expect(problem).toMatch(/exports no registerSandboxBackend; install a version/);
    const errors = deps.lines.filter(({ level }) => level === "error");
    expect(errors).toHaveLength(1);
    expect(errors[0]?.text).toContain(
      "WORKSPACE_UNAVAILABLE: agents whose workspace is on a node cannot work",
    );
    await register();
    expect(deps.memory.part(SANDBOX_PROBLEM).current).toBeNull();
  });

  test("one that registers otherwise than we know is a problem too", async () => {
    await register("full", { ...sandboxModule, registerSandboxBackend: () => undefined });
    expect(deps.memory.part(SANDBOX_PROBLEM).current).toMatch(/returned no function/);
  });
});
