// node_process asks nodes by commands of its own: OpenClaw must not tell an agent of their end.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../support/wait.ts";
import { call, callAny, type Deployment, startDeployment } from "./deployment.ts";

/** Where OpenClaw tells of commands that belong to no session. */
const NOBODYS = "agent:master:node";

let deployment: Deployment;

beforeAll(async () => {
  // As OpenClaw comes: the end of a command is told to an agent, which needs a heartbeat.
  deployment = await startDeployment({
    config: {
      tools: { exec: { notifyOnExit: true } },
      agents: { defaults: { heartbeat: { every: "6h" } } },
    },
  });
});

afterAll(() => deployment?.stop());

test("looking at a job on a node starts no model turn, where the end of another plain command there does", async () => {
  const { gateway, sg } = deployment;
  const sessionKey = "agent:worker-sg:jobs";
  const begin = call("exec", { command: "echo said-by-the-job; sleep 300", background: true });
  const { text } = await gateway.agent("worker-sg", begin, { sessionKey });
  const jobId = /nr-[0-9a-f]{12}/.exec(text)?.[0] ?? "none";
  const look = (action: string) => callAny("node_process", { action, jobId });
  const ask = async (...actions: string[]): Promise<string> =>
    (await gateway.agent("worker-sg", actions.map(look).join("\n"), { sessionKey })).results.join("\n");
  await waitFor("the job's words", async () => (await ask("poll", "log")).includes("said-by-the-job"));
  await ask("kill");

  // Told in the order in which they end: a look would have been told of before this one.
  const rawCommand = "echo said-by-another";
  const told = "agent:worker-cn:main";
  await gateway.rpc("node.invoke", {
    nodeId: sg.id,
    command: "system.run",
    params: { command: ["/bin/sh", "-c", rawCommand], rawCommand, agentId: "worker-cn", sessionKey: told },
    idempotencyKey: randomUUID(),
  });
  await gateway.model.waitFor("the turn for the other command", ({ session }) => session === told);
  expect(gateway.model.requests.filter(({ session }) => session === NOBODYS)).toEqual([]);
});
