// Calls that no rule speaks for: off cordoned nodes, and off tainted ones where the operator says so.
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { createNodeInvokePolicy } from "../../../src/hooks/nodeInvokePolicy.ts";
import { createToolPolicy } from "../../../src/hooks/toolPolicy.ts";
import { CORDONS, withCordons } from "../../../src/nodeRouter/inventory/cordons.ts";
import { buildSnapshot } from "../../../src/nodeRouter/inventory/inventory.ts";
import { makePolicy } from "../../../src/nodeRouter/policy/agentPolicy.ts";
import { hostingProblem } from "../../../src/nodeRouter/policy/hosting.ts";
import { hostedToolRefusal } from "../../../src/nodeRouter/policy/nodeHostedTools.ts";
import { closedTo } from "../../../src/nodeRouter/policy/untolerated.ts";
import { readHostNode } from "../../../src/presence/sources/gateway/hostNode.ts";
import { refusalText } from "../../../src/shared/refusal.ts";
import {
  CN_ID,
  CONFIG,
  contextOf,
  execEvent,
  type FakeDeps,
  fakeDeps,
  hostEntry,
  SG_ID,
} from "../../support/fakeDeps.ts";

const TAINTED = {
  ...CONFIG,
  nodes: { ...CONFIG.nodes, "mac-sg": { ...CONFIG.nodes["mac-sg"], taints: ["prod:NoSchedule"] } },
};
const CORDON = { by: "alice", reason: "disk", atMs: 0, untilMs: null, drain: false, move: false };
const CLOSED = { ...TAINTED, untoleratedAgents: "refuse" };

/** What the first hook says to a call; undefined: nothing. */
async function asked(
  tool: string,
  params: Record<string, unknown>,
  { config = CLOSED, agent = "master" }: { config?: object; agent?: string } = {},
) {
  const deps = fakeDeps({ config });
  const answer = await createToolPolicy(deps)(execEvent(deps, params, { toolName: tool }), contextOf(agent));
  return answer === undefined ? undefined : (answer as { blockReason?: string }).blockReason;
}

describe("an agent without a rule", () => {
  test.each([
    ["exec", { command: "id", host: "node", node: "mac-sg" }],
    ["exec", { command: "id", node: SG_ID }],
    ["exec", { command: "id", node: SG_ID.slice(0, 8) }],
    ["browser", { action: "status", target: "node", node: "mac-sg" }],
    ["nodes", { action: "notify", node: "MAC-SG" }],
    ["file_fetch", { node: "mac-sg", path: "/etc/hosts" }],
  ])("may not name a tainted node in %s %j", async (tool, params) => {
    expect(await asked(tool, params)).toMatch(
      /^NODE_NOT_ALLOWED: .* which has taint "prod:NoSchedule", and no rule speaks for it \(untoleratedAgents is "refuse"\); name one of "mac-cn"\.$/,
    );
    expect(await asked(tool, params, { config: TAINTED })).toBeUndefined();
  });

  test.each([
    ["exec", { command: "id" }],
    ["exec", { command: "id", node: "mac-cn" }],
    ["browser", { action: "status", node: "mac-cn" }],
    ["nodes", { action: "status" }],
    ["read", { path: "/etc/hosts" }],
  ])("is left alone where no tainted node is named: %s %j", async (tool, params) => {
    expect(await asked(tool, params)).toBeUndefined();
  });

  test("must name a node for a tool that OpenClaw might send to the tainted one", async () => {
    expect(await asked("browser", { action: "status" })).toMatch(
      /^NODE_NOT_ALLOWED: "browser" of agent "master" names no node, OpenClaw might choose "mac-sg", which has taint/,
    );
  });

  test("may not name a node that nobody knows: OpenClaw may know it by another name", async () => {
    expect(await asked("browser", { action: "status", node: "prod" })).toMatch(
      /which no known node is called/,
    );
  });

  test("is left alone on a node whose taint only steers away", async () => {
    const nodes = { "mac-sg": { taints: ["slow:PreferNoSchedule"] } };
    const config = { ...CLOSED, nodes };
    expect(await asked("exec", { command: "id", node: "mac-sg" }, { config })).toBeUndefined();
  });

  test("and a rule that tolerates the taint is not concerned", async () => {
    const [rule] = CONFIG.rules;
    const config = { ...CLOSED, rules: [{ ...rule, tolerate: ["prod"] }] };
    expect(
      await asked("exec", { command: "id", node: "mac-sg" }, { config, agent: "worker-sg" }),
    ).toBeUndefined();
  });

  test("is refused a node tool while the nodes cannot be listed", async () => {
    const deps = fakeDeps({ config: CLOSED });
    deps.nodes = new Error("gone");
    const event = execEvent(deps, { action: "status", node: "mac-cn" }, { toolName: "browser" });
    expect(await createToolPolicy(deps)(event, contextOf("master"))).toMatchObject({ block: true });
  });
});

describe("before a command is sent to a node that OpenClaw chose itself", () => {
  const invoke = (config: object, nodeId: string, agentId = "master") =>
    createNodeInvokePolicy(fakeDeps({ config }))({
      nodeId,
      command: "system.run.prepare",
      params: { agentId, sessionKey: `agent:${agentId}:main` },
    });

  test("a tainted one is refused, another one is not", async () => {
    expect(await invoke(CLOSED, SG_ID)).toMatchObject({ code: "RUN_NOT_ALLOWED" });
    expect(await invoke(CLOSED, CN_ID)).toBeNull();
    expect(await invoke(TAINTED, SG_ID)).toBeNull();
  });

  test("an operator's own command passes", async () => {
    const refuse = createNodeInvokePolicy(fakeDeps({ config: CLOSED }));
    expect(await refuse({ nodeId: SG_ID, command: "system.run.prepare", params: {} })).toBeNull();
  });
});

describe("a cordon, with nothing said of untoleratedAgents", () => {
  const cordoned = async (nodes: readonly string[] = ["mac-sg"]) => {
    const deps = fakeDeps({ config: CONFIG });
    const records = nodes.map((node) => [node, { ...CORDON, node }] as const);
    await deps.memory.part(CORDONS).update(() => new Map(records));
    return deps;
  };
  const reasonOf = async (deps: FakeDeps, tool: string, params: Record<string, unknown>) => {
    const answer = await createToolPolicy(deps)(
      execEvent(deps, params, { toolName: tool }),
      contextOf("master"),
    );
    return answer === undefined ? undefined : (answer as { blockReason?: string }).blockReason;
  };

  test.each([
    ["exec", { command: "id", host: "node", node: "mac-sg" }],
    ["exec", { command: "id", node: SG_ID.slice(0, 8) }],
    ["nodes", { action: "notify", node: "MAC-SG" }],
    ["file_fetch", { node: "mac-sg", path: "/etc/hosts" }],
  ])("keeps an agent without a rule off the node that it names in %s %j", async (tool, params) => {
    const deps = await cordoned();
    expect(await reasonOf(deps, tool, params)).toMatch(
      /^NODE_NOT_ALLOWED: .* of agent "master" asked for node ".*", which was cordoned; .*name one of "mac-cn"\.$/,
    );
    await deps.memory.part(CORDONS).update(() => new Map());
    expect(await reasonOf(deps, tool, params)).toBeUndefined();
  });

  test("leaves it alone on another node, and where it asks for none", async () => {
    const deps = await cordoned();
    expect(await reasonOf(deps, "exec", { command: "id", node: "mac-cn" })).toBeUndefined();
    expect(await reasonOf(deps, "exec", { command: "id" })).toBeUndefined();
    expect(await reasonOf(deps, "nodes", { action: "status" })).toBeUndefined();
  });

  test("keeps a command off that OpenClaw sends to the cordoned node by itself, and off no other", async () => {
    const refuse = createNodeInvokePolicy(await cordoned());
    const params = { agentId: "master", sessionKey: "agent:master:main" };
    const sent = (nodeId: string) => refuse({ nodeId, command: "system.run.prepare", params });
    expect(await sent(SG_ID)).toMatchObject({
      code: "RUN_NOT_ALLOWED",
      fact: expect.stringMatching(/which was cordoned$/),
    });
    expect(await sent(CN_ID)).toBeNull();
  });

  test("with every node closed there is none to name", async () => {
    const deps = await cordoned(["mac-sg", "mac-cn"]);
    expect(await reasonOf(deps, "exec", { command: "id", node: "mac-cn" })).toMatch(
      /wait until the operator opens one/,
    );
  });

  test("holds a hosted session back on the cordoned node, and none on a machine without a name", () => {
    const plain = resolveConfig(CONFIG);
    const list = { nodes: [hostNode(SG_ID)], takenAtMs: 1 };
    const snapshot = withCordons(buildSnapshot(plain.nodes, list), {
      records: new Map([["mac-sg", { ...CORDON, node: "mac-sg" }]]),
      problem: null,
    });
    const policy = makePolicy(plain, null, "master", "exec");
    expect(hostingProblem(policy, SG_ID, snapshot)).toBe("which was cordoned");
    expect(hostingProblem(policy, CN_ID, snapshot)).toBeNull();
    expect(hostingProblem(policy, null, snapshot)).toBeNull();
  });
});

const RESOLVED = resolveConfig(CLOSED);
const MASTER = makePolicy(RESOLVED, null, "master", "exec");
const hostNode = (id: string, changes: object = {}) => {
  const node = readHostNode(hostEntry("mac-sg", id, changes));
  if (node === null) throw new Error("no node");
  return node;
};

test("a session that OpenClaw hosts on a tainted node gets no turn, nor one on a machine without a name", () => {
  const snapshot = buildSnapshot(RESOLVED.nodes, { nodes: [hostNode(SG_ID)], takenAtMs: 1 });
  expect(hostingProblem(MASTER, SG_ID, snapshot)).toBe(
    'which has taint "prod:NoSchedule", and no rule speaks for it (untoleratedAgents is "refuse")',
  );
  expect(hostingProblem(MASTER, null, snapshot)).not.toBeNull();
  expect(hostingProblem(MASTER, CN_ID, snapshot)).toBeNull();
});

test("a tool that a tainted node publishes is refused", () => {
  const node = hostNode(SG_ID);
  const snapshot = buildSnapshot(RESOLVED.nodes, { nodes: [node], takenAtMs: 1 });
  const refused = hostedToolRefusal(MASTER, "query_db", [node], snapshot);
  expect(refused === null ? null : refusalText(refused)).toMatch(
    /is published by node "mac-sg", which has taint/,
  );
});

test("a namesake of a tainted node may be that node, so it is closed too", () => {
  const nodes = [hostNode(SG_ID), hostNode(CN_ID)];
  const snapshot = buildSnapshot(RESOLVED.nodes, { nodes, takenAtMs: 1 });
  expect(closedTo(SG_ID, RESOLVED, snapshot)).not.toBeNull();
  expect(closedTo(CN_ID, RESOLVED, snapshot)).not.toBeNull();
  expect(closedTo("ff".repeat(32), RESOLVED, snapshot)).toBeNull();
});
