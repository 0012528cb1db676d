// Calls between decision and result, and how they are told apart.
import { describe, expect, test } from "vitest";
import { place } from "../../../src/nodeRouter/placement/place.ts";
import { createCallRegistry } from "../../../src/nodeRouter/state/calls.ts";
import { makeNode } from "../../support/makeNode.ts";
import { makeRequest, makeRule, snapshotOf } from "../placement/arrange.ts";

const decision = place(makeRequest(), snapshotOf(makeNode()), [makeRule()]);

function call(changes: object = {}) {
  return {
    runId: "run",
    toolCallId: "call",
    sessionKey: "session",
    agent: "worker-sg",
    tool: "exec",
    decision,
    nodeId: "sg",
    jobId: null,
    workspaceCallId: null,
    notes: [],
    ...changes,
  };
}

describe("find", () => {
  test("a call is found by its run and its own id, not by one of them", () => {
    const calls = createCallRegistry();
    calls.add(call());
    expect(calls.find("run", "call")).toMatchObject({ agent: "worker-sg", running: true });
    expect(calls.find("run", "other")).toBe(null);
    expect(calls.find("other", "call")).toBe(null);
  });

  test("a call without a run or an id is not kept: it could be anybody's", () => {
    const calls = createCallRegistry();
    calls.add(call({ runId: "" }));
    calls.add(call({ toolCallId: "" }));
    expect(calls.find("", "call")).toBe(null);
    expect(calls.find("run", "")).toBe(null);
    expect(calls.runningExecNodes("worker-sg", "session").size).toBe(0);
  });

  test("the registry forgets the oldest call, so that a gateway may run for months", () => {
    const calls = createCallRegistry();
    for (let n = 0; n <= 4_096; n++) calls.add(call({ toolCallId: `call-${n}` }));
    expect(calls.find("run", "call-0")).toBe(null);
    expect(calls.find("run", "call-1")).not.toBe(null);
    expect(calls.find("run", "call-4096")).not.toBe(null);
  });
});

describe("answers", () => {
  const PLACED = { command: "id", host: "node" };
  const ID = { tool: "exec", asked: { command: "id" }, params: PLACED, consent: null };

  test("are kept for one tool of one call until its result", () => {
    const calls = createCallRegistry();
    calls.answer("run", "call", ID);
    expect(calls.answered("run", "call", "exec", PLACED)).toEqual(ID);
    expect(calls.answered("run", "call", "nodes", PLACED)).toBe(null);
    expect(calls.answered("run", "other", "exec", PLACED)).toBe(null);
    calls.end("run", "call");
    expect(calls.answered("run", "call", "exec", PLACED)).toBe(null);
  });

  test("hold whatever others made of the parameters, as long as there is one call with this id", () => {
    const calls = createCallRegistry();
    calls.answer("run", "call", ID);
    expect(calls.answered("run", "call", "exec", { command: "hostile" })).toEqual(ID);
  });

  test("of several calls with one id go to the call they were made for, and to none that cannot be told", () => {
    const calls = createCallRegistry();
    const left = { ...ID, asked: { command: "ls" }, params: null };
    calls.answer("run", "call", ID);
    calls.answer("run", "call", left);
    expect(calls.answered("run", "call", "exec", { ...PLACED })).toEqual(ID);
    expect(calls.answered("run", "call", "exec", { command: "ls" })).toEqual(left);
    expect(calls.answered("run", "call", "exec", { command: "hostile" })).toBe(null);
  });

  test("of one id are not kept without end", () => {
    const calls = createCallRegistry();
    for (let n = 0; n < 20; n++) calls.answer("run", "call", { ...ID, asked: { n }, params: null });
    expect(calls.answered("run", "call", "exec", { n: 3 })).toBe(null);
    expect(calls.answered("run", "call", "exec", { n: 4 })).toMatchObject({ asked: { n: 4 } });
  });

  test("of calls that cannot be told apart are not kept", () => {
    const calls = createCallRegistry();
    calls.answer("", "http-1700000000000", ID);
    expect(calls.answered("", "http-1700000000000", "exec", PLACED)).toBe(null);
  });
});

test("a new call with an old id forgets what the old one and its inner calls left", () => {
  const calls = createCallRegistry();
  calls.add(call({ toolCallId: "call_0" }));
  calls.add(call({ toolCallId: "tool_search_code:call_0:exec:1" }));
  calls.add(call({ toolCallId: "tool_search_code:call_1:exec:1" }));
  calls.add(call({ runId: "other", toolCallId: "call_0" }));
  calls.begin("run", "call_0");
  expect(calls.find("run", "call_0")).toBe(null);
  expect(calls.nestedIn("run", "call_0")).toEqual([]);
  expect(calls.nestedIn("run", "call_1")).toHaveLength(1);
  expect(calls.find("other", "call_0")).not.toBe(null);
});

describe("inner calls", () => {
  test("are found by the outer id as the host writes it into theirs", () => {
    const calls = createCallRegistry();
    calls.add(call({ toolCallId: "tool_search_code:call_a_fc_b:exec:1" }));
    calls.add(call({ toolCallId: `tool_search_code:${"x".repeat(120)}:exec:2` }));
    expect(calls.nestedIn("run", "call_a|fc_b")).toHaveLength(1);
    expect(calls.nestedIn("run", "x".repeat(200))).toHaveLength(1);
    expect(calls.nestedIn("run", "call_a")).toEqual([]);
    expect(calls.nestedIn("other", "call_a|fc_b")).toEqual([]);
    expect(calls.nestedIn("run", "")).toEqual([]);
  });
});

describe("running exec nodes", () => {
  test("are those of this agent in this session, until the result was seen", () => {
    const calls = createCallRegistry();
    calls.add(call({ toolCallId: "1", nodeId: "sg" }));
    calls.add(call({ toolCallId: "2", nodeId: "other-agent", agent: "worker-cn" }));
    calls.add(call({ toolCallId: "3", nodeId: "other-session", sessionKey: "" }));
    calls.add(call({ toolCallId: "4", nodeId: "other-tool", tool: "browser" }));
    calls.add(call({ toolCallId: "5", nodeId: "ended" }));
    calls.end("run", "5");
    calls.end("run", "never-begun");
    expect([...calls.runningExecNodes("worker-sg", "session")]).toEqual(["sg"]);
  });

  test("are none of a workspace over SSH, which has no paired node", () => {
    const calls = createCallRegistry();
    calls.add(call({ nodeId: null, workspaceCallId: "ab" }));
    expect(calls.runningExecNodes("worker-sg", "session").size).toBe(0);
  });

  test("do not outlive a call that was forgotten, or that another with its id replaced", () => {
    const calls = createCallRegistry();
    calls.add(call({ toolCallId: "old", nodeId: "forgotten" }));
    calls.add(call({ toolCallId: "same", nodeId: "replaced" }));
    for (let n = 0; n < 4_096; n++) calls.add(call({ toolCallId: `call-${n}`, tool: "browser" }));
    calls.add(call({ toolCallId: "same", nodeId: "sg" }));
    expect([...calls.runningExecNodes("worker-sg", "session")]).toEqual(["sg"]);
  });
});
