// How names are read that people write in another form than OpenClaw keeps them.
import { describe, expect, test } from "vitest";
import {
  agentOf,
  agentOfSessionKey,
  nodeNameKey,
  normalizeAgentId,
  normalizeToolName,
} from "../../src/shared/hostNames.ts";

test.each([
  ["worker-hk", "worker-hk"],
  ["Worker-HK", "worker-hk"],
  ["  Team A  ", "team-a"],
  ["ops@site.one", "ops-site-one"],
  ["_Private", "_private"],
  ["x".repeat(70), "x".repeat(64)],
  ["", "main"],
  ["中文", "main"],
])("the agent %j has the id %j", (written, id) => {
  expect(normalizeAgentId(written)).toBe(id);
});

test.each([
  ["exec", "exec"],
  [" Exec ", "exec"],
  ["BASH", "exec"],
  ["apply-patch", "apply_patch"],
  ["cron", "automations"],
  ["web_fetch", "web_fetch"],
])("the tool %j is %j", (written, tool) => {
  expect(normalizeToolName(written)).toBe(tool);
});

test.each([
  ["agent:worker-sg:main", "worker-sg"],
  ["AGENT:Worker-SG:Main", "worker-sg"],
  ["agent:worker-sg", "worker-sg"],
  ["agent: worker-sg :x", "worker-sg"],
  ["agent::main", null],
  ["agents:worker-sg:main", null],
  ["main", null],
  ["", null],
])("the session %j is of agent %j", (key, agent) => {
  expect(agentOfSessionKey(key)).toBe(agent);
});

describe("the agent of a call", () => {
  test("is the host's statement, and that of the session's key where there is none", () => {
    expect(agentOf({ agentId: "Worker-SG", sessionKey: "agent:other:main" })).toBe("worker-sg");
    expect(agentOf({ agentId: " ", sessionKey: "agent:Other:main" })).toBe("other");
    expect(agentOf({ sessionKey: "main" })).toBeNull();
    expect(agentOf({})).toBeNull();
  });
});

test("names of nodes are alike without regard to case and punctuation, and not otherwise", () => {
  expect(nodeNameKey("Mac SG!")).toBe(nodeNameKey("mac-sg"));
  expect(nodeNameKey("Café")).toBe(nodeNameKey("cafe\u0301"));
  expect(nodeNameKey("mac-sgp")).not.toBe(nodeNameKey("mac-sg"));
  expect(nodeNameKey("!!")).toBe("");
});
