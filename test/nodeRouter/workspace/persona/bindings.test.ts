// Which folders of the gateway are bound, once a process, and what stands behind them across reloads.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { probeSandboxApi } from "../../../../src/nodeRouter/host/sandboxApi.ts";
import type {
  PersonaBridge,
  WorkspaceAccessApi,
} from "../../../../src/nodeRouter/host/workspaceAccessApi.ts";
import { PERSONA } from "../../../../src/nodeRouter/workspace/persona/bindings.ts";
import { registerWorkspace } from "../../../../src/nodeRouter/workspace/register.ts";
import { WORKSPACE } from "../../../../src/nodeRouter/workspace/workspaceState.ts";
import { BOUND, type FakeDeps, fakeDeps, SSH_CONFIG } from "../../../support/fakeDeps.ts";

let folder: string;
let deps: FakeDeps;
let entries: Record<string, object>;
/** Agent to its folder, where it is not `/gw/<agent>`. */
let folders: Record<string, string>;
/** The host's table. */
let bound: Map<string, PersonaBridge>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nr-persona-"));
  entries = { "worker-sg": { sandbox: BOUND }, master: {} };
  folders = {};
  bound = new Map();
  deps = fakeDeps({ config: SSH_CONFIG, hostConfig: { agents: { entries } } });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

const host: WorkspaceAccessApi = {
  ok: true,
  bind(path, bridge) {
    if (bound.has(path)) throw new Error(`Workspace access is already registered: ${path}`);
    bound.set(path, bridge);
  },
};

interface Registered {
  dispose(): void;
  begin(agent: string): Promise<void>;
}

async function register(api: WorkspaceAccessApi | Promise<WorkspaceAccessApi> = host): Promise<Registered> {
  let dispose = (): void => {};
  const done = registerWorkspace(
    {
      registrationMode: "full",
      lifecycle: {
        onDispose: (given) => {
          dispose = given;
        },
        registerRuntimeLifecycle: () => {},
      },
      runtime: { state: { resolveStateDir: () => folder } },
    },
    { ...deps, agentWorkspace: (agent) => folders[agent] ?? `/gw/${agent}` },
    {
      audit: { begin: async () => {}, end: () => {}, announcement: () => "" },
      probe: () => probeSandboxApi(async () => ({})),
      probeAccess: async () => api,
    },
  );
  if (!(api instanceof Promise)) await done;
  const parts = deps.memory.part(WORKSPACE).registrations.current();
  return { dispose: () => dispose(), begin: async (agent) => parts?.bindPersona(agent) };
}

const warnings = (): readonly string[] =>
  deps.lines.filter(({ level, text }) => level === "warn" && text.includes("prompt")).map(({ text }) => text);

test("the folders of agents whose workspace is on a node are bound, and no other agent's", async () => {
  await register();
  expect([...bound.keys()]).toEqual(["/gw/worker-sg"]);
  expect(deps.memory.part(PERSONA).problem).toBeNull();
});

test("a reload binds nothing twice, and what is bound asks the registration that lives", async () => {
  const first = await register();
  await register();
  first.dispose();
  await register();
  expect(warnings()).toEqual([]);
  const parts = deps.memory.part(WORKSPACE).registrations.current();
  if (parts === null) throw new Error("there is a registration");
  const asked: string[] = [];
  deps.memory.part(WORKSPACE).registrations.add({
    ...parts,
    persona: (path) => ({
      ...parts.persona(path),
      stat: async ({ filePath }) => {
        asked.push(`${path} ${filePath}`);
        return null;
      },
    }),
  });
  await bound.get("/gw/worker-sg")?.stat({ filePath: "AGENTS.md" });
  expect(asked).toEqual(["/gw/worker-sg AGENTS.md"]);
});

test("while no registration lives a read is refused with words, and waits for the next one only the first time", async () => {
  const { dispose } = await register();
  dispose();
  const bridge = bound.get("/gw/worker-sg");
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  let isOver = false;
  const first = expect(bridge?.stat({ filePath: "a" }).finally(() => (isOver = true))).rejects.toThrow(
    /^WORKSPACE_UNAVAILABLE: .*was disabled\. Try again/,
  );
  await vi.advanceTimersByTimeAsync(1_000);
  expect(isOver).toBe(false);
  await vi.advanceTimersByTimeAsync(60_000);
  await first;
  const second = expect(bridge?.stat({ filePath: "a" })).rejects.toThrow(/^WORKSPACE_UNAVAILABLE/);
  await vi.advanceTimersByTimeAsync(1);
  await second;
});

describe("an agent that is bound to a node later", () => {
  test("has its folder bound when its first run begins, and an agent without a node has not", async () => {
    const { begin } = await register();
    entries["worker-cn"] = { sandbox: BOUND };
    await begin("worker-cn");
    await begin("master");
    await begin("worker-cn");
    expect([...bound.keys()]).toEqual(["/gw/worker-sg", "/gw/worker-cn"]);
  });

  test("does not begin before the host's answer is known", async () => {
    let answer: (api: WorkspaceAccessApi) => void = () => {};
    const { begin } = await register(
      new Promise((resolve) => {
        answer = resolve;
      }),
    );
    let began = false;
    const run = begin("worker-sg").then(() => {
      began = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(began).toBe(false);
    answer(host);
    await run;
    expect([...bound.keys()]).toEqual(["/gw/worker-sg"]);
  });
});

describe("a folder stays the gateway's, which is said once,", () => {
  test("when an agent that is not on a node has it too", async () => {
    folders = { "worker-sg": "/gw/shared", master: "/gw/shared/" };
    await register();
    await register();
    expect(bound.size).toBe(0);
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]).toMatch(/master\\?" has the same folder and its workspace on the gateway/);
  });

  test("when another plugin has bound it", async () => {
    bound.set("/gw/worker-sg", {} as PersonaBridge);
    await register();
    await register();
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]).toContain("already registered");
  });
});

test("an onboarding that is left in a bound folder is told, because the agent on its node can never end it", async () => {
  const own = join(folder, "own");
  mkdirSync(own);
  folders = { "worker-sg": own };
  writeFileSync(join(own, "BOOTSTRAP.md"), "who are you?");
  await register();
  await register();
  const told = deps.lines.filter(({ text }) => text.includes("BOOTSTRAP.md of this folder"));
  expect(told).toHaveLength(1);
});

test("a folder that was in another agent's way is in nobody's when that agent is bound no more", async () => {
  folders = { "worker-sg": "/gw/shared", master: "/gw/shared" };
  await register();
  expect([...deps.memory.part(PERSONA).left.keys()]).toEqual(["/gw/shared"]);
  entries["worker-sg"] = {};
  await register();
  expect(deps.memory.part(PERSONA).left.size).toBe(0);
});

test("a host that cannot bind is a known problem, and no error", async () => {
  await register({ ok: false, reason: "registerAgentWorkspaceAccess is missing" });
  expect(deps.memory.part(PERSONA).problem).toBe("registerAgentWorkspaceAccess is missing");
  expect(bound.size).toBe(0);
});
