// A kept task is read as it was written or not at all, and how it goes on after a restart is never a guess.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ended,
  hasEnded,
  type InboundTask,
  mayHaveRun,
  readInbound,
  recoveryOf,
  starting,
  working,
} from "../../../../src/nodeRouter/delegation/model/incoming.ts";
import { TASK_PHASES } from "../../../../src/nodeRouter/delegation/protocol/wire.ts";

const TASK: InboundTask = {
  is: "task",
  id: "t-1",
  peer: "gw-a",
  messageId: "m1",
  hash: "h",
  context: "c",
  agent: "worker-sg",
  session: "agent:worker-sg:subagent:peer-gw-a-1",
  requester: "master",
  chain: ["id-a"],
  maxHops: 1,
  text: "do it",
  textBytes: 5,
  maxMinutes: 60,
  phase: "accepted",
  life: null,
  runs: 0,
  cancelRequested: false,
  acceptedAtMs: 1,
  startedAtMs: null,
  endedAtMs: null,
  result: null,
  reason: null,
  ran: [],
  tokens: null,
};
const RUNNING = working(starting(TASK, "one", 2));
const ENDS = [
  {
    phase: "completed",
    result: "done",
    reason: null,
    ran: [{ tool: "exec", node: null, country: null, calls: 2 }],
    tokens: 3,
  },
  { phase: "failed", result: null, reason: "why" },
  { phase: "interrupted", result: null, reason: "why" },
] as const;
const STATES = [TASK, starting(TASK, "one", 2), RUNNING, ...ENDS.map((end) => ended(RUNNING, end, 9))];

describe("a record", () => {
  test("is read as it was written, in each state", () => {
    for (const task of STATES) expect(readInbound(JSON.parse(JSON.stringify(task)))).toEqual(task);
    const fence = { is: "fence", id: "t-2", peer: "gw-a", messageId: "m2", atMs: 4 };
    expect(readInbound(fence)).toEqual(fence);
  });

  test("that lacks what must not be guessed is none", () => {
    const needed = [
      "is",
      "id",
      "peer",
      "messageId",
      "hash",
      "context",
      "agent",
      "session",
      "text",
      "phase",
      "runs",
      "maxMinutes",
      "acceptedAtMs",
    ] as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...STATES),
        fc.constantFrom(...needed),
        fc.jsonValue(),
        (task, key, value) => {
          const { [key]: own, ...rest } = task;
          expect(readInbound(rest)).toBeNull();
          const other = readInbound({ ...rest, [key]: value });
          if (other !== null) expect(typeof value).toBe(typeof own);
        },
      ),
    );
  });

  test("of an end without its time, or of a time without its end, is none", () => {
    expect(readInbound({ ...TASK, phase: "completed" })).toBeNull();
    expect(readInbound({ ...TASK, endedAtMs: 5 })).toBeNull();
    expect(readInbound({ ...TASK, phase: "toString" })).toBeNull();
  });

  test("of anything is no fault", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void readInbound(value)));
  });
});

describe("after a restart", () => {
  test.each([
    ["one that was not begun", TASK, "start"],
    ["one that may have begun", starting(TASK, "one", 2), "interrupt"],
    ["one that ran", RUNNING, "interrupt"],
    ["one that had ended", ended(RUNNING, ENDS[0], 9), "nothing"],
  ] as const)("%s goes on as it must", (_what, task, how) => {
    expect(recoveryOf(task, "two", false, "fail")).toBe(how);
  });

  test("one that ran in this very life is followed, and one whose run had ended is collected", () => {
    expect(recoveryOf(RUNNING, "one", false, "fail")).toBe("follow");
    expect(recoveryOf(RUNNING, "one", true, "continue")).toBe("follow");
    expect(recoveryOf(RUNNING, "two", true, "fail")).toBe("collect");
  });

  test("one goes on once where the config says so, but not one that is to be canceled", () => {
    expect(recoveryOf(RUNNING, "two", false, "continue")).toBe("continue");
    expect(recoveryOf(starting(RUNNING, "two", 3), "three", false, "continue")).toBe("interrupt");
    expect(recoveryOf({ ...RUNNING, cancelRequested: true }, "two", false, "continue")).toBe("interrupt");
  });

  test("nothing that may have run is begun as if it had not, whatever is known", () => {
    const tasks = fc.record({
      phase: fc.constantFrom(...TASK_PHASES),
      runs: fc.nat(3),
      life: fc.option(fc.constantFrom("one", "two")),
    });
    fc.assert(
      fc.property(
        tasks,
        fc.boolean(),
        fc.constantFrom("fail", "continue"),
        (changes, isDone, onInterrupted) => {
          const how = recoveryOf({ ...TASK, ...changes }, "two", isDone, onInterrupted);
          if (changes.phase !== "accepted") expect(how).not.toBe("start");
          if (onInterrupted === "fail") expect(how).not.toBe("continue");
        },
      ),
    );
  });
});

test("an end is the last word, and says whether anything may have run", () => {
  const done = ended(RUNNING, ENDS[0], 9);
  expect(ended(done, ENDS[1], 10)).toBe(done);
  expect([hasEnded(done), mayHaveRun(done), done.text]).toEqual([true, true, ""]);
  const never = ended(TASK, { phase: "canceled", result: null, reason: null }, 9);
  expect([hasEnded(never), mayHaveRun(never)]).toEqual([true, false]);
});
