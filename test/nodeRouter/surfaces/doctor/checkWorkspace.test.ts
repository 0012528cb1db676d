// What the doctor says of agents whose workspace is on a node; each finding beside the same settings without its cause.
import { describe, expect, test } from "vitest";
import { PLUGIN_COMMAND } from "../../../../src/nodeRouter/placement/filters/plugin.ts";
import { BOUND } from "../../../support/fakeDeps.ts";
import {
  findingsOf,
  hostEntry,
  hostOf,
  linesOf,
  oddities,
  ruleFor,
  SG_ID,
  type Situation,
} from "./arrange.ts";

const ENTRY = "agents.entries.worker-sg";
/** Nothing to find: the grant, and a list of tools. */
const CALM = {
  plugins: { entries: { "node-router": { hooks: { allowConversationAccess: true } } } },
  tools: { sandbox: { tools: { alsoAllow: ["message"] } } },
};
const bound = (sandbox: object = {}, agent: object = {}, more: object = CALM): Situation => ({
  host: hostOf({ "worker-sg": { sandbox: { ...BOUND, ...sandbox }, ...agent } }, more),
});
const found = (situation: Situation) =>
  linesOf(oddities(situation)).map((line) => line.replace("node-router/", ""));
const messageOf = (id: string, situation: Situation) =>
  findingsOf(situation).find((one) => one.id === `node-router/${id}`)?.message;

test("a complete binding has no finding, and neither has a gateway without one", () => {
  expect(found(bound())).toEqual([]);
  expect(found({ host: hostOf({}) })).toEqual([]);
  expect(found({ host: hostOf({ "worker-sg": { sandbox: { ...BOUND, mode: "off" } } }) })).toEqual([]);
});

describe("a paired node without the plugin that the agent's rule means", () => {
  const withPlugin = { commands: ["system.run", PLUGIN_COMMAND] };
  const paired = (changes: object = {}, node: object = {}): Situation => ({
    ...bound(),
    router: { ...ruleFor({}), nodes: { "mac-sg": { tags: ["region=sg"], workspace: "/w", ...node } } },
    nodes: [hostEntry("mac-sg", SG_ID, changes)],
  });
  const textOf = (situation: Situation) => messageOf("workspace-no-plugin", situation);

  test("is a warning, connected or not, with what to install", () => {
    expect(found(paired())).toContain(
      "warning workspace-no-plugin plugins.entries.node-router.config.nodes.mac-sg",
    );
    expect(textOf(paired({ connected: false }))).toBe(
      'agent "worker-sg" has its workspace on a node, and rule "singapore" means paired nodes that offer no node-router plugin: "mac-sg"; no session of it goes there',
    );
    const fix = findingsOf(paired()).find(({ id }) => id.endsWith("workspace-no-plugin"))?.fix;
    expect(fix).toContain(
      '"openclaw plugins install openclaw-node-router" on the node, restart its node host',
    );
  });

  test("whose new commands wait is sent to the approval", () => {
    const waiting = paired({ approvalState: "pending-reapproval" });
    expect(textOf(waiting)).toContain("new commands wait for approval");
    const fix = findingsOf(waiting).find(({ id }) => id.endsWith("workspace-no-plugin"))?.fix;
    expect(fix).toMatch(/^run "openclaw nodes approve <id>"/);
  });

  test.each([
    ["it has the plugin", paired(withPlugin)],
    ["SSH is what its workspace goes over", paired({}, { ssh: {} })],
    ["the agent has exec alone", { ...paired(), host: hostOf({}, CALM) }],
  ])("is no finding when %s", (_, situation) => {
    expect(textOf(situation)).toBeUndefined();
  });
});

test.each([
  ["mode", { mode: "non-main" }, `error workspace-mode ${ENTRY}.sandbox.mode`],
  [
    "workspaceAccess ro",
    { workspaceAccess: "ro" },
    `error workspace-access ${ENTRY}.sandbox.workspaceAccess`,
  ],
  [
    "workspaceAccess unset",
    { workspaceAccess: undefined },
    `error workspace-access ${ENTRY}.sandbox.workspaceAccess`,
  ],
  ["scope session", { scope: "session" }, `warning workspace-scope ${ENTRY}.sandbox.scope`],
  ["scope shared", { scope: "shared" }, `warning workspace-scope ${ENTRY}.sandbox.scope`],
  ["prune", { prune: { idleHours: 0, maxAgeDays: 7 } }, `info workspace-prune ${ENTRY}.sandbox.prune`],
  ["prune unset", { prune: undefined }, `info workspace-prune ${ENTRY}.sandbox.prune`],
])("%s is found where it stands", (_case, sandbox, line) => {
  expect(found(bound(sandbox))).toEqual([line]);
});

test("a setting of all agents is found where it stands", () => {
  const { agents } = hostOf({ "worker-sg": { sandbox: { ...BOUND, scope: undefined } } }) as {
    agents: object;
  };
  const host = { ...CALM, agents: { ...agents, defaults: { sandbox: { scope: "shared" } } } };
  expect(found({ host })).toEqual(["warning workspace-scope agents.defaults.sandbox.scope"]);
});

test("an agent without a rule is refused, which is an error; a config error that hides the rule is not two", () => {
  const host = hostOf({ master: { sandbox: BOUND } }, CALM);
  expect(found({ host })).toEqual(["error workspace-no-rule plugins.entries.node-router.config.rules"]);
  const router = { rules: [{ name: "broken", agents: ["master"], require: "region=(" }] };
  expect(found({ host, router }).filter((line) => line.includes("workspace"))).toEqual([]);
});

test("an exec host that keeps commands from the sandbox is found, others are not", () => {
  for (const host of ["gateway", "node"]) {
    expect(found(bound({}, { tools: { exec: { host } } }))).toEqual([
      `error workspace-exec-host ${ENTRY}.tools.exec.host`,
    ]);
  }
  for (const host of ["auto", "sandbox"]) expect(found(bound({}, { tools: { exec: { host } } }))).toEqual([]);
});

test("a backend that cannot be registered is one finding for all agents concerned, with its reason", () => {
  const doctor = { workspace: { apiProblem: "this OpenClaw has no sandbox API" } };
  expect(found({ ...bound(), doctor })).toEqual(["error workspace-unavailable null"]);
  expect(messageOf("workspace-unavailable", { ...bound(), doctor })).toBe(
    'calls of "worker-sg" are refused, because this OpenClaw has no sandbox API',
  );
  expect(found({ host: hostOf({}), doctor })).toEqual([]);
});

test("agents that may meet on a node share their persona there, which is good to know; on nodes of their own they do not", () => {
  const host = hostOf({ "worker-sg": { sandbox: BOUND }, second: { sandbox: BOUND } }, CALM);
  const rule = (agent: string, require: string) => ({ name: agent, agents: [agent], require });
  const node = (region: string) => ({ tags: [`region=${region}`], workspace: "/work", ssh: {} });
  const nodes = { "mac-sg": node("sg"), "mac-cn": node("cn") };
  const rules = (of: string) => ({ nodes, rules: [rule("worker-sg", "region=sg"), rule("second", of)] });
  expect(found({ host, router: rules("region=sg") })).toEqual([
    "info persona-shared plugins.entries.node-router.config.nodes.mac-sg.workspace",
  ]);
  expect(messageOf("persona-shared", { host, router: rules("region=sg") })).toMatch(
    /^"worker-sg", "second" share AGENTS\.md, .* on node "mac-sg"/,
  );
  expect(found({ host, router: rules("region=cn") }).filter((line) => line.includes("persona"))).toEqual([]);
});

test("prompts that are made of the gateway's copy are one finding, with why; where nothing stays there, there is none", () => {
  const told = (problem: string | null, left: [string, string][]) => {
    const persona = { problem, left: new Map(left) };
    return { ...bound(), doctor: { workspace: { apiProblem: null, persona } } };
  };
  expect(found(told(null, []))).toEqual([]);
  expect(found(told("it is missing", []))).toEqual(["warning persona-on-gateway null"]);
  expect(messageOf("persona-on-gateway", told("it is missing", []))).toMatch(
    /: of "worker-sg", because it is missing$/,
  );
  const shared = told(null, [["/gw/shared", 'agent "master" has the same folder']]);
  expect(messageOf("persona-on-gateway", shared)).toMatch(
    /: of folder "\/gw\/shared", because agent "master" has the same folder$/,
  );
});

describe("the exec policy", () => {
  const policy = (exec: object, more: object = {}) =>
    found(bound({}, { tools: { exec } }, { ...CALM, ...more }));

  test.each([{ mode: "allowlist" }, { mode: "deny" }, { security: "deny" }])(
    "%j refuses every command",
    (exec) => {
      const [key] = Object.keys(exec);
      expect(policy(exec)).toEqual([`warning exec-policy-refuses ${ENTRY}.tools.exec.${key}`]);
    },
  );

  test.each([{ mode: "ask" }, { mode: "auto" }, { ask: "always" }])(
    "%j asks, and needs somebody to ask",
    (exec) => {
      const [key] = Object.keys(exec);
      expect(policy(exec)).toEqual([`info approval-route ${ENTRY}.tools.exec.${key}`]);
      expect(policy(exec, { approvals: { plugin: { enabled: true } } })).toEqual([]);
      expect(policy(exec, { approvals: { exec: { enabled: true } } })).toHaveLength(1);
    },
  );

  test.each([{}, { mode: "full" }, { security: "full", ask: "off" }])(
    "%j runs, and is no finding",
    (exec) => {
      expect(policy(exec)).toEqual([]);
    },
  );
});

describe("tools that a sandbox takes away", () => {
  const off = { plugins: CALM.plugins };

  test("are named with the key that brings them back, as long as nobody has listed any", () => {
    expect(found(bound({}, {}, off))).toEqual([
      `info workspace-tools ${ENTRY}.tools.sandbox.tools.alsoAllow`,
    ]);
    expect(messageOf("workspace-tools", bound({}, {}, off))).toContain("node_route");
  });

  test("are none of ours where a list says what is meant, be it empty", () => {
    for (const lists of [{ allow: [] }, { alsoAllow: ["group:plugins"] }]) {
      expect(found(bound({}, { tools: { sandbox: { tools: lists } } }, off))).toEqual([]);
    }
    expect(found(bound({}, { tools: { sandbox: { tools: { deny: ["exec"] } } } }, off))).toHaveLength(1);
  });
});

describe("the line in the prompt", () => {
  const hooks = (value: object) => ({ ...CALM, plugins: { entries: { "node-router": { hooks: value } } } });

  test("is off without the grant, and with prompts closed to plugins", () => {
    const line = "info prompt-line-off plugins.entries.node-router.hooks.allowConversationAccess";
    expect(found(bound({}, {}, { tools: CALM.tools }))).toEqual([line]);
    expect(found(bound({}, {}, hooks({ allowConversationAccess: false })))).toEqual([line]);
    expect(
      found(bound({}, {}, hooks({ allowConversationAccess: true, allowPromptInjection: false }))),
    ).toEqual([line]);
    expect(
      found(bound({}, {}, hooks({ allowConversationAccess: true, allowPromptInjection: true }))),
    ).toEqual([]);
  });

  test("is no matter where no agent has its workspace on a node", () => {
    expect(found({ host: hostOf({}) })).toEqual([]);
  });
});
