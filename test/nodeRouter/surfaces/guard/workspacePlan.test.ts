// What guard writes for agents whose workspace is on a node, or must be, and whom it leaves alone.
import { describe, expect, test } from "vitest";
import { PLUGIN_COMMAND } from "../../../../src/nodeRouter/placement/filters/plugin.ts";
import { BOUND } from "../../../support/fakeDeps.ts";
import {
  guarded,
  hostEntry,
  hostOf,
  NODES,
  planOf,
  ruleFor,
  SG_ID,
  type Situation,
} from "../doctor/arrange.ts";

const ENTRY = "agents.entries.worker-sg";
/** mac-sg is reached over SSH only: nothing is paired there. */
const ONLY_SSH: Situation = {
  router: { ...ruleFor({}), nodes: { "mac-sg": { tags: ["region=sg"], ssh: {}, workspace: "/w" } } },
  nodes: [],
};
const hostWith = (sandbox: object, more: object = {}) => hostOf({ "worker-sg": { sandbox, ...more } });
const written = ({ changes }: ReturnType<typeof planOf>) =>
  Object.fromEntries(changes.map(({ path, value }) => [path.slice(`${ENTRY}.`.length), value]));

describe("exec alone, and every allowed node reached over SSH only", () => {
  test("the whole binding is written, and is complete then", () => {
    expect(planOf(ONLY_SSH)).toMatchObject({ state: "unguarded" });
    expect(written(planOf(ONLY_SSH))).toEqual({
      "sandbox.mode": "all",
      "sandbox.backend": "node-router",
      "sandbox.workspaceAccess": "rw",
      "sandbox.prune.idleHours": 0,
      "sandbox.prune.maxAgeDays": 0,
      "sandbox.scope": "agent",
    });
    const host = guarded(ONLY_SSH);
    expect(host).toMatchObject({ agents: { entries: { "worker-sg": { sandbox: BOUND } } } });
    expect(planOf({ ...ONLY_SSH, host })).toMatchObject({ state: "guarded", changes: [] });
  });

  test("other settings of the agent and its sandbox stay as they are", () => {
    const host = hostOf({ "worker-sg": { name: "SG", sandbox: { browser: { enabled: false } } } });
    expect(guarded({ ...ONLY_SSH, host })).toMatchObject({
      agents: {
        entries: { "worker-sg": { name: "SG", sandbox: { ...BOUND, browser: { enabled: false } } } },
      },
    });
  });

  test("an exec host that would keep commands from the sandbox is replaced, and no other is written", () => {
    for (const host of ["node", "gateway"]) {
      const plan = planOf({ ...ONLY_SSH, host: hostOf({}, { tools: { exec: { host } } }) });
      expect(plan.changes.at(-1)).toEqual({
        path: `${ENTRY}.tools.exec.host`,
        value: "sandbox",
        current: host,
      });
    }
    const auto = hostOf({}, { tools: { exec: { host: "auto" } } });
    expect(written(planOf({ ...ONLY_SSH, host: auto }))).not.toHaveProperty("tools.exec.host");
  });

  test.each([
    ["its own backend", hostWith({ backend: "docker" }), "docker"],
    ["its own active sandbox", hostWith({ mode: "all" }), "docker"],
    ["the sandbox of all agents", hostOf({}), "podman"],
  ])("%s is never overwritten", (_case, host, backend) => {
    const shared = {
      agents: {
        ...(host as { agents: object }).agents,
        defaults: { sandbox: { mode: "all", backend: "podman" } },
      },
    };
    expect(planOf({ ...ONLY_SSH, host: backend === "podman" ? shared : host })).toMatchObject({
      state: "impossible",
      changes: [],
      note: expect.stringContaining(
        `the agent has a sandbox of backend "${backend}"; that is yours to change`,
      ),
    });
  });

  test("a backend that is only the default of a sandbox that is off stands in no way", () => {
    const host = {
      agents: { ...(hostOf({}) as { agents: object }).agents, defaults: { sandbox: { backend: "docker" } } },
    };
    expect(planOf({ ...ONLY_SSH, host })).toMatchObject({ state: "unguarded" });
  });

  test("without a workspace directory on any of them it is impossible, and the key to set is named", () => {
    const router = { ...ruleFor({}), nodes: { "mac-sg": { tags: ["region=sg"], ssh: {} } } };
    expect(planOf({ router, nodes: [] })).toMatchObject({
      state: "impossible",
      changes: [],
      note: expect.stringContaining("set plugins.entries.node-router.config.nodes.mac-sg.workspace"),
    });
  });
});

describe("the node protocol goes on where it can", () => {
  const nodeSettings = (situation: Situation) => planOf(situation).changes.map(({ path }) => path);

  test("with one paired node among the allowed ones", () => {
    expect(nodeSettings({ ...ONLY_SSH, nodes: NODES })).toEqual([
      `${ENTRY}.tools.exec.host`,
      `${ENTRY}.tools.exec.node`,
    ]);
    const offline = [hostEntry("mac-sg", SG_ID, { connected: false })];
    expect(nodeSettings({ ...ONLY_SSH, nodes: offline })).not.toContain(`${ENTRY}.sandbox.mode`);
  });

  test("with the plugin on the node: where an agent's files are is not the guard's to change", () => {
    const nodes = [hostEntry("mac-sg", SG_ID, { commands: ["system.run", PLUGIN_COMMAND] })];
    const router = { ...ruleFor({}), nodes: { "mac-sg": { tags: ["region=sg"], workspace: "/w" } } };
    expect(nodeSettings({ router, nodes })).toEqual([`${ENTRY}.tools.exec.host`, `${ENTRY}.tools.exec.node`]);
    const host = hostWith({ ...BOUND, prune: undefined });
    expect(nodeSettings({ router, nodes, host })).toEqual([
      `${ENTRY}.sandbox.prune.idleHours`,
      `${ENTRY}.sandbox.prune.maxAgeDays`,
    ]);
  });

  test("while the list of nodes is not known: unknown pairing is not none", () => {
    expect(nodeSettings({ ...ONLY_SSH, nodes: null })).toEqual([`${ENTRY}.tools.exec.host`]);
  });

  test("for an agent that is bound to a node which lost its pairing", () => {
    const host = hostOf({ "worker-sg": { tools: { exec: { host: "node", node: SG_ID } } } });
    expect(planOf({ ...ONLY_SSH, host })).toMatchObject({ state: "partial", changes: [] });
  });

  test("for a node without SSH", () => {
    const router = { ...ruleFor({}), nodes: { "mac-sg": { tags: ["region=sg"], workspace: "/w" } } };
    expect(nodeSettings({ router, nodes: [] })).toEqual([`${ENTRY}.tools.exec.host`]);
  });

  test('but transport "ssh" on a paired node is SSH only', () => {
    const router = {
      ...ruleFor({}),
      nodes: { "mac-sg": { tags: ["region=sg"], ssh: {}, transport: "ssh", workspace: "/w" } },
    };
    for (const exec of [{}, { host: "node", node: SG_ID }]) {
      const host = hostOf({ "worker-sg": { tools: { exec } } });
      expect(Object.keys(written(planOf({ router, host })))).toContain("sandbox.backend");
    }
  });
});

describe("an agent that is bound already", () => {
  test("is guarded with all of it, and nothing is written", () => {
    expect(planOf({ host: hostWith(BOUND) })).toEqual({
      agent: "worker-sg",
      rule: "singapore",
      state: "guarded",
      changes: [],
      note: "without the plugin the sandbox backend is not registered, and OpenClaw refuses every run",
    });
  });

  test("stays guarded while parts are missing, which are written", () => {
    const plan = planOf({
      host: hostWith({ mode: "all", backend: "node-router", prune: { maxAgeDays: 7 } }),
    });
    expect(plan.state).toBe("guarded");
    expect(written(plan)).toEqual({
      "sandbox.workspaceAccess": "rw",
      "sandbox.prune.idleHours": 0,
      "sandbox.prune.maxAgeDays": 0,
    });
    expect(plan.changes.map(({ current }) => current)).toEqual([null, null, 7]);
  });

  test("is not guarded in mode non-main, in which the host runs the main session on the gateway", () => {
    const plan = planOf({ host: hostWith({ ...BOUND, mode: "non-main" }) });
    expect([plan.state, written(plan)]).toEqual(["unguarded", { "sandbox.mode": "all" }]);
  });

  test("inherits what all agents have", () => {
    const defaults = { sandbox: BOUND };
    const host = { agents: { ...(hostOf({}) as { agents: object }).agents, defaults } };
    expect(planOf({ host })).toMatchObject({ state: "guarded", changes: [] });
  });

  test("keeps its scope: what that means on a node is the doctor's to say", () => {
    expect(planOf({ host: hostWith({ ...BOUND, scope: "shared" }) }).changes).toEqual([]);
  });

  test("is recognised as the host reads the id, without regard to case and spaces", () => {
    expect(planOf({ host: hostWith({ ...BOUND, backend: " Node-Router " }) }).state).toBe("guarded");
  });

  test("with its sandbox off it has exec alone", () => {
    expect(planOf({ host: hostWith({ ...BOUND, mode: "off" }) }).changes.map(({ path }) => path)).toContain(
      `${ENTRY}.tools.exec.host`,
    );
  });
});
