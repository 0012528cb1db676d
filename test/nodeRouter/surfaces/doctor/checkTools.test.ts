// Tools that the operator gave a routed agent and that its rule does not let it use; tools that nobody here knows.
import { expect, test } from "vitest";
import { REFERENCE_CONFIG } from "../../../config/support.ts";
import { findingsOf, hostOf, type Situation } from "./arrange.ts";

const toolsOf = (situation: Situation) =>
  findingsOf(situation).filter(({ id }) => id.startsWith("node-router/tools-"));
const given = (tools: object, more: object = {}) => hostOf({ "worker-sg": { tools } }, more);

test("one that is given by name and would act on the gateway is told, with the setting that ends it", () => {
  const host = given({ alsoAllow: ["lobster", "OpenClaw", "exec", "message"] });
  expect(toolsOf({ host })).toEqual([
    {
      id: "node-router/tools-refused",
      severity: "info",
      message:
        'agent "worker-sg" is routed to nodes, and "lobster", "openclaw" would act on the gateway or past its rule: such calls are refused',
      path: "agents.entries.worker-sg.tools.deny",
      fix: "deny them, so that it does not try and that OpenClaw refuses them without the plugin, or take the agent out of its rule",
    },
  ]);
});

test("so is one that an installed plugin brings to every agent, for the routed ones", () => {
  const plugins = { entries: { acpx: { enabled: true }, crabbox: {}, codex: { enabled: false } } };
  expect(toolsOf({ host: hostOf({}, { plugins }) }).map(({ message }) => message.slice(0, 75))).toEqual([
    'agent "worker-cn" is routed to nodes, and "crabbox", "sessions_spawn" would',
    'agent "worker-sg" is routed to nodes, and "crabbox", "sessions_spawn" would',
  ]);
});

test.each([
  ["denied to the agent", given({ alsoAllow: ["lobster"], deny: ["lobster"] })],
  ["denied to all by a pattern", given({ alsoAllow: ["lobster"] }, { tools: { deny: ["lob*"] } })],
  ["of an agent without a rule", hostOf({ master: { tools: { allow: ["lobster"] } } })],
  ["what a profile brings", given({ profile: "coding" })],
  ["harmless", given({ allow: ["web_fetch", "sessions_spawn", "my_tool"] })],
  ["in odd settings", given({ allow: "lobster", alsoAllow: [5, null], deny: {} })],
])("nothing is told of tools that are %s", (_what, host) => {
  expect(toolsOf({ host })).toEqual([]);
});

test("shadow mode refuses nothing, so it says nothing of it", () => {
  const router = { ...REFERENCE_CONFIG, mode: "shadow" };
  expect(toolsOf({ router, host: given({ alsoAllow: ["lobster"] }) })).toEqual([]);
});

test("tools of other plugins that a routed agent called are named, those of other agents are not", () => {
  const strangeTools = [
    { agent: "worker-sg", tool: "run_it" },
    { agent: "worker-sg", tool: "build" },
    { agent: "master", tool: "other" },
  ];
  expect(toolsOf({ doctor: { strangeTools } })).toMatchObject([
    {
      id: "node-router/tools-unknown",
      severity: "info",
      message: expect.stringContaining('called "build", "run_it", of other plugins'),
    },
  ]);
});
