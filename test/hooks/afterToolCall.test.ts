// Layer 4: a command that ran elsewhere than it was placed is counted and logged.
import { describe, expect, test } from "vitest";
import { createAfterToolCall } from "../../src/hooks/afterToolCall.ts";
import { ranWhere } from "../../src/hooks/ranWhere.ts";
import { createToolPolicy } from "../../src/hooks/toolPolicy.ts";
import { WRONG_MACHINES } from "../../src/nodeRouter/alerts/wrongMachines.ts";
import { CALLS } from "../../src/nodeRouter/state/calls.ts";
import { COUNTERS } from "../../src/nodeRouter/state/counters.ts";
import { CN_ID, contextOf, execEvent, fakeDeps, RUN, SG_ID } from "../support/fakeDeps.ts";

const SG = contextOf("worker-sg");

/** A call placed on mac-sg, and its result. */
async function placedThen(result: unknown, changes: object = {}) {
  const deps = fakeDeps();
  await createToolPolicy(deps)(execEvent(deps, { command: "echo s3cret" }), SG);
  deps.lines.length = 0;
  createAfterToolCall(deps)({ ...execEvent(deps, { command: "echo s3cret" }), result, ...changes }, SG);
  return deps;
}

// As OpenClaw 2026.9.6 makes them.
const RESULTS: [string, object, string | null][] = [
  ["ran on a node", { status: "completed", exitCode: 0, nodeId: SG_ID }, SG_ID],
  ["failed on a node", { status: "failed", exitCode: 7, nodeId: SG_ID }, SG_ID],
  ["ran out of time on a node", { status: "failed", exitCode: null, timedOut: true, nodeId: SG_ID }, SG_ID],
  ["ran on the gateway", { status: "completed", exitCode: 0, exitReason: "exit" }, "gateway"],
  ["runs on the gateway", { status: "running", sessionId: "x", pid: 5 }, "gateway"],
  [
    "ran out of time on the gateway",
    { status: "failed", exitCode: null, exitReason: "overall-timeout", timedOut: true },
    "gateway",
  ],
  [
    "was ended by a signal on the gateway",
    { status: "failed", exitCode: null, exitReason: "signal" },
    "gateway",
  ],
  ["was blocked", { status: "blocked", deniedReason: "plugin-before-tool-call" }, null],
  [
    "could not be started",
    { status: "failed", exitCode: null, failureKind: "runtime-error", timedOut: false },
    null,
  ],
  ["was lost on its way", { status: "failed", failureKind: "outcome-unknown" }, null],
  ["waits for approval", { status: "approval-pending", host: "gateway" }, null],
  ["failed as a tool", { status: "error", error: "exec denied" }, null],
];

test.each(RESULTS)("a command that %s", (_case, details, where) => {
  expect(ranWhere({ content: [], details })).toBe(where);
});

test.each([[undefined], [null], ["text"], [{}], [{ details: null }], [{ details: "x" }], [{ content: [] }]])(
  "nothing can be said of %j",
  (result) => {
    expect(ranWhere(result)).toBe(null);
  },
);

describe("a placed call", () => {
  test.each([
    ["on another node", { nodeId: CN_ID, exitCode: 0 }, CN_ID],
    ["on the gateway", { exitCode: 0 }, "gateway"],
    ["on the gateway until it was killed", { exitCode: null, exitReason: "signal" }, "gateway"],
  ])("that ran %s is counted and logged at error, without its command", async (_case, details, ranOn) => {
    const deps = await placedThen({ details });
    expect(deps.memory.part(COUNTERS).mismatches).toBe(1);
    const detail = `placed on mac-sg, ran on ${ranOn}`;
    expect([...deps.memory.part(WRONG_MACHINES).last]).toEqual([
      ["worker-sg", { atMs: deps.clockMs, detail }],
    ]);
    expect(deps.lines).toEqual([
      {
        level: "error",
        text: `NODE_MISMATCH: a command ran on another machine than it was placed on {"part":"verify","agent":"worker-sg","tool":"exec","rule":"singapore","node":"${SG_ID}","ranOn":"${ranOn}","runId":"${RUN}"}`,
      },
    ]);
  });

  test.each([
    ["ran on its node", { details: { nodeId: SG_ID, exitCode: 0 } }],
    ["ran nowhere", { details: { status: "blocked" } }],
    ["has no result", undefined],
  ])("that %s is not counted, and has ended", async (_case, result) => {
    const deps = await placedThen(result);
    expect(deps.memory.part(COUNTERS).mismatches).toBe(0);
    expect(deps.lines).toEqual([]);
    expect(deps.memory.part(CALLS).find(RUN, "call-1")?.running).toBe(false);
    expect(deps.memory.part(CALLS).answered(RUN, "call-1", "exec", {})).toBe(null);
  });

  test("is not confused with another tool of the same id, or a call of another run", async () => {
    const elsewhere = { details: { exitCode: 0 } };
    expect((await placedThen(elsewhere, { toolName: "process" })).memory.part(COUNTERS).mismatches).toBe(0);
    const other = await placedThen(elsewhere, { runId: "other" });
    expect(other.memory.part(COUNTERS).mismatches).toBe(0);
    expect(other.memory.part(CALLS).find(RUN, "call-1")?.running).toBe(true);
  });
});

test("a call that was never placed is none of ours, wherever it ran", () => {
  const deps = fakeDeps();
  createAfterToolCall(deps)(
    { ...execEvent(deps), result: { details: { exitCode: 0 } } },
    contextOf("master"),
  );
  expect(deps.memory.part(COUNTERS).mismatches).toBe(0);
});
