// What agent and operator learn from the result of a command in a workspace over SSH.
import { describe, expect, test } from "vitest";
import { createAfterToolCall } from "../../src/hooks/afterToolCall.ts";
import { GATE_VARIABLE } from "../../src/hooks/execEnvGate.ts";
import { createResultMiddleware } from "../../src/hooks/resultMiddleware.ts";
import { COUNTERS } from "../../src/nodeRouter/state/counters.ts";
import { WORKSPACE_CALLS } from "../../src/nodeRouter/state/workspaceCalls.ts";
import type { Outcome } from "../../src/nodeRouter/transports/transport.ts";
import { CN_ID, RUN, SSH_CONFIG, workspaceOptions } from "../support/fakeDeps.ts";
import { refused } from "../support/refused.ts";
import { arranged, SG } from "./workspaceArrange.ts";

const DONE = { status: "completed", exitCode: 0, aggregated: "out" };
const RAN: Outcome = { kind: "ran", exitCode: 0, signal: null };

/** Places an exec, lets the backend say how it went, and returns the line that the agent reads. */
async function ended(
  backend: { claimed?: boolean; begun?: true; outcome?: Outcome | null },
  details: unknown = DONE,
  text = "out",
) {
  const all = arranged();
  await all.exec();
  for (const call of all.calls()) Object.assign(call, { claimed: true, ...backend });
  const result = { content: [{ type: "text", text }], details };
  createAfterToolCall(all.deps)(
    { toolName: "exec", params: {}, runId: RUN, toolCallId: "call-1", result },
    SG,
  );
  const changed = createResultMiddleware(all.deps)(
    { toolCallId: "call-1", result },
    { runId: RUN, agentId: "worker-sg" },
  );
  const lines = changed?.result.content.map((part) => ("text" in part ? part.text : "")) ?? [];
  return { ...all, lines, mismatches: all.deps.memory.part(COUNTERS).mismatches };
}

describe("the line", () => {
  test("says where it ran, over what, and by which rule", async () => {
    const { lines, mismatches } = await ended({ outcome: RAN });
    expect(lines).toEqual(["out", "[node-router] ran on mac-sg (SG, declared) over ssh · rule singapore"]);
    expect(mismatches).toBe(0);
  });

  test.each([37, 1, 127])("exit code %i changes nothing of the line: the command ran", async (exitCode) => {
    const { lines } = await ended({ outcome: { ...RAN, exitCode } }, { ...DONE, exitCode });
    expect(lines[1]).toContain("ran on mac-sg");
  });

  test("the line about an unknown end names the process group and says what not to do", async () => {
    const outcome: Outcome = { kind: "unknown", ...refused("OUTCOME_UNKNOWN", "m"), processGroup: 4711 };
    const { lines, mismatches } = await ended({ outcome }, { ...DONE, exitCode: 255 });
    expect(lines[1]).toBe(
      "[node-router] may have run on mac-sg (SG, declared) over ssh · rule singapore · outcome unknown (process group 4711 there): do not run it again before you looked",
    );
    expect(mismatches).toBe(0);
    expect((await ended({ outcome: { ...outcome, processGroup: null } })).lines[1]).toContain(
      "outcome unknown: do not",
    );
  });

  test("only the line about a command that did not start says that nothing ran", async () => {
    const outcome: Outcome = { kind: "notStarted", ...refused("NODE_UNREACHABLE", "m") };
    const { lines } = await ended({ outcome }, { status: "failed", exitCode: 255 });
    expect(lines[1]).toBe(
      "[node-router] did not start on mac-sg (SG, declared) over ssh · rule singapore · nothing ran",
    );
    expect((await ended({ outcome: RAN })).lines[1]).not.toContain("safe");
  });

  test("a call that the host refused before it asked the backend did not start either", async () => {
    const { lines, mismatches } = await ended(
      { claimed: false },
      null,
      "exec host=sandbox requires a sandbox runtime",
    );
    expect(lines[1]).toContain("did not start on mac-sg");
    expect(mismatches).toBe(0);
  });

  test("the line about a command that is still running says that it runs", async () => {
    const { lines } = await ended({ begun: true, outcome: null }, { status: "running", sessionId: "s" });
    expect(lines[1]).toBe("[node-router] runs on mac-sg (SG, declared) over ssh · rule singapore");
  });

  test("the line about a command that goes on, of which the node has not told yet that it began, says no more than that", async () => {
    const { lines } = await ended({ outcome: null }, { status: "running", sessionId: "s" });
    expect(lines[1]).toBe(
      "[node-router] starts in the background on mac-sg (SG, declared) over ssh · rule singapore",
    );
  });

  test("where the backend has not told the end goes by the result", async () => {
    expect((await ended({ outcome: null })).lines[1]).toContain("] ran on mac-sg");
    expect((await ended({ outcome: null }, { status: "failed" })).lines[1]).toContain(
      "did not finish on mac-sg",
    );
  });
});

describe("a command that ran somewhere else", () => {
  test.each([
    ["on a node over the node protocol", { claimed: true }, { ...DONE, nodeId: CN_ID }],
    ["on the gateway: the backend was never brought it", { claimed: false }, DONE],
    ["on the gateway, and goes on there", { claimed: false }, { status: "running" }],
  ])("%s is a mismatch", async (_case, backend, details) => {
    const { lines, mismatches, deps } = await ended(backend, details);
    expect(mismatches).toBe(1);
    expect(lines[1]).toContain("NODE_MISMATCH: placed on mac-sg, but it ran elsewhere");
    expect(deps.lines.at(-1)).toMatchObject({
      level: "error",
      text: expect.stringContaining('"node":"mac-sg"'),
    });
  });

  test("a call that nobody remembers any more is none: unknown is not elsewhere", async () => {
    const all = arranged();
    await all.exec();
    for (const { callId } of all.calls()) all.deps.memory.part(WORKSPACE_CALLS).delete(callId);
    createAfterToolCall(all.deps)(
      { toolName: "exec", params: {}, runId: RUN, toolCallId: "call-1", result: { details: DONE } },
      SG,
    );
    expect(all.deps.memory.part(COUNTERS).mismatches).toBe(0);
  });
});

describe("the gate", () => {
  const GATE = `The property 'options.env['${GATE_VARIABLE}']' must be a string without null bytes`;

  test("that stopped a command on the gateway is told in our words", async () => {
    const { lines } = await ended({ claimed: false }, null, GATE);
    expect(lines).toEqual([
      expect.stringMatching(
        /^RUN_NOT_ALLOWED: a command of agent "worker-sg" was about to run on the gateway/,
      ),
    ]);
  });

  test("is not taken for what a command on the node printed", async () => {
    const { lines } = await ended({ outcome: RAN }, DONE, GATE);
    expect(lines[0]).toBe(GATE);
  });
});

describe("the note of a moved session", () => {
  const NODES = {
    "sg-1": { tags: ["region=sg"], ssh: {}, workspace: "/1" },
    "sg-2": { tags: ["region=sg"], ssh: {}, workspace: "/2" },
  };
  const moved = async () => {
    const all = arranged({ ...workspaceOptions(), config: { ...SSH_CONFIG, nodes: NODES } });
    await all.exec({ command: "a" }, "1");
    const { "sg-1": _gone, ...rest } = NODES;
    all.deps.configure({ ...SSH_CONFIG, nodes: rest });
    const lineOf = (toolCallId: string) =>
      createResultMiddleware(all.deps)(
        { toolCallId, result: { content: [{ type: "text", text: "x" }] } },
        { runId: RUN, agentId: "worker-sg" },
      )?.result.content.at(-1);
    return { ...all, lineOf };
  };
  const note = expect.stringContaining(
    'this session\'s workspace was on "sg-1" until now; its files are there',
  );

  test("is read once, with the first result that is seen", async () => {
    const { exec, lineOf } = await moved();
    await exec({ command: "b" }, "2");
    expect(lineOf("2")).toMatchObject({ text: note });
    await exec({ command: "c" }, "3");
    expect(lineOf("3")).toMatchObject({ text: expect.not.stringContaining("until now") });
  });

  test("comes with a file tool's result, and waits while a call never gets to its result", async () => {
    const { exec, policy, lineOf } = await moved();
    await exec({ command: "b" }, "2");
    await policy({ toolName: "read", params: {}, runId: RUN, toolCallId: "3" });
    expect(lineOf("3")).toMatchObject({ text: note });
    await policy({ toolName: "read", params: {}, runId: RUN, toolCallId: "4" });
    expect(lineOf("4")).toBe(undefined);
  });
});
