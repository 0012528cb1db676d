// The public way to stop a hosted turn: its first message is not written.
import { expect, test } from "vitest";
import { createMessageGate } from "../../../src/nodeRouter/hostedSessions/messageGate.ts";
import { createTurnGate } from "../../../src/nodeRouter/hostedSessions/turnGate.ts";
import { fakeDeps, SG_ID } from "../../support/fakeDeps.ts";
import { hostedSession, recordsOf } from "./arrange.ts";

const USER = { message: { role: "user", content: "hi" } };
const CONTEXT = { agentId: "worker-sg", sessionKey: "agent:worker-sg:one" };

async function arranged(session = hostedSession()) {
  const deps = fakeDeps();
  const reader = recordsOf([session]);
  const gate = createTurnGate({ ...deps, reader, cliNode: () => null });
  await gate.prepare({ sessionId: session.sessionId, agent: null, sessionKey: null, runId: null });
  return { ask: createMessageGate(gate, reader, deps.log), reader, deps };
}

test("the user's message of a hosted turn outside the rule is blocked, and the log says why", async () => {
  const { ask, deps } = await arranged();
  expect(ask(USER, CONTEXT)).toEqual({ block: true });
  expect(deps.lines.map(({ text }) => text).join()).toContain("HOSTED_ELSEWHERE");
});

test("other messages, sessions that fit, local sessions and other agents are left alone", async () => {
  const { ask, reader } = await arranged();
  expect(ask({ message: { role: "assistant" } }, CONTEXT)).toBeUndefined();
  expect(ask(USER, { agentId: "worker-sg", sessionKey: "agent:worker-sg:other" })).toBeUndefined();
  reader.now = [hostedSession({ nodeId: SG_ID })];
  expect(ask(USER, CONTEXT)).toBeUndefined();
  reader.now = [hostedSession({ agent: "master", sessionKey: "agent:master:one" })];
  expect(ask(USER, { agentId: "master", sessionKey: "agent:master:one" })).toBeUndefined();
  reader.now = "locked";
  expect(ask(USER, CONTEXT)).toBeUndefined();
});
