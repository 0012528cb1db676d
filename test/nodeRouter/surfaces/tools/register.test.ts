// What node_process asks of a node.
import { expect, test } from "vitest";
import { systemRunParams } from "../../../../src/nodeRouter/surfaces/tools/register.ts";

test("a look at a job is told to nobody, and names the agent and session that look", () => {
  expect(systemRunParams("echo x", { agentId: "worker-sg", sessionKey: "agent:worker-sg:main" })).toEqual({
    command: ["/bin/sh", "-c", "echo x"],
    rawCommand: "echo x",
    timeoutMs: 20_000,
    suppressNotifyOnExit: true,
    agentId: "worker-sg",
    sessionKey: "agent:worker-sg:main",
  });
});

test("without a known caller it is told to nobody either", () => {
  const params = systemRunParams("echo x", {});
  expect(params.suppressNotifyOnExit).toBe(true);
  expect(params).not.toHaveProperty("agentId");
  expect(params).not.toHaveProperty("sessionKey");
});
