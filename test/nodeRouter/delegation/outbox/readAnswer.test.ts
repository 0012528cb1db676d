// What each answer of a peer proves of a task, and what it does not.
import { describe, expect, test } from "vitest";
import type { PeerAnswer } from "../../../../src/nodeRouter/delegation/carrier/peerClient.ts";
import { type PeerQuestion, readAnswer } from "../../../../src/nodeRouter/delegation/outbox/readAnswer.ts";
import { RPC } from "../../../../src/nodeRouter/delegation/protocol/rpc.ts";
import { writeTask } from "../../../../src/nodeRouter/delegation/protocol/task.ts";
import { REJECT_REASONS, type TaskExtension } from "../../../../src/nodeRouter/delegation/protocol/wire.ts";
import { refusal, refusalText } from "../../../../src/shared/refusal.ts";
import { makeDelegation } from "../../../support/delegation/makeDelegation.ts";

const WHY = refusal("PEER_UNREACHABLE", "of the test");

function read(
  what: PeerQuestion,
  answer: PeerAnswer,
  weaker = false,
  gateway: string | null = null,
  acceptBeforeMs: number | null = null,
) {
  const attempt = {
    peer: "gw-sg",
    atMs: 1_000,
    acceptBeforeMs,
    clockOffsetMs: null,
    gateway,
    inDoubt: false,
    isFenced: false,
    outcome: null,
    reason: null,
  };
  const delegation = makeDelegation({ state: "sending", peer: "gw-sg", attempts: [attempt], weaker });
  return readAnswer(what, answer, { delegation, attempt, nowMs: 5_000, maxResult: 10 });
}

const result = (value: unknown): PeerAnswer => ({ is: "result", result: value, rttMs: 1 });
const status = (code: number): PeerAnswer => ({ is: "status", status: code, retryAfterMs: null });
const own = (code: number): PeerAnswer => ({
  is: "status",
  status: code,
  retryAfterMs: null,
  isItsOwn: true,
});
const rejected = (rpcCode: number, reason: string | null = null): PeerAnswer => ({
  is: "rejected",
  rpcCode,
  reason,
  message: "of the peer\u202e",
});

function task(given: Partial<TaskExtension> = {}, text: string | null = null): object {
  const extension: TaskExtension = {
    messageId: makeDelegation().id,
    gateway: "gw-b",
    phase: "working",
    mayHaveRun: true,
    acceptedAtMs: 100_000,
    startedAtMs: 101_000,
    endedAtMs: null,
    nowMs: 105_000,
    reason: null,
    ran: [],
    tokens: null,
    ...given,
  };
  return writeTask({ id: "t-1", context: "c", extension, result: text, asked: null });
}

describe("an answer to SendMessage", () => {
  test.each([400, 401, 403, 404, 405, 408, 413, 415, 429, 503])(
    "HTTP %i of the gateway proves that it was not taken",
    (code) => {
      expect(read("send", own(code))).toMatchObject({ is: "refused", isForEver: false });
    },
  );

  test.each([200, 204, 301, 302, 307, 500, 501, 502, 504])("HTTP %i proves nothing", (code) => {
    expect(read("send", own(code))).toMatchObject({ is: "silent" });
  });

  test.each([400, 408, 409, 499, 503])(
    "HTTP %i of a proxy, which may have handed it on, proves nothing",
    (code) => {
      expect(read("send", status(code))).toMatchObject({ is: "silent" });
    },
  );

  test.each([401, 403, 404, 405, 413, 415, 429])(
    "HTTP %i of a proxy, which says it of what it does not hand on, proves that it was not taken",
    (code) => {
      expect(read("send", status(code))).toMatchObject({ is: "refused" });
    },
  );

  test.each([400, 408, 500, 502, 503])("HTTP %i proves nothing of plain A2A", (code) => {
    expect(read("send", status(code), true)).toMatchObject({ is: "silent" });
    expect(read("send", own(code), true)).toMatchObject({ is: "silent" });
  });

  test.each(REJECT_REASONS)(
    "the error %s proves that there is no record of it, unless the id is another task's",
    (reason) => {
      const event = read("send", rejected(RPC.rejected, reason));
      if (reason === "ALREADY_USED") expect(event).toMatchObject({ is: "given-up" });
      else expect(event).toMatchObject({ is: "refused", isForEver: reason === "FENCED" });
    },
  );

  test("an error of plain A2A proves something only where it says that the request was none", () => {
    expect(read("send", rejected(RPC.params), true)).toMatchObject({ is: "refused" });
    expect(read("send", rejected(RPC.method), true)).toMatchObject({ is: "refused" });
    expect(read("send", rejected(RPC.internal), true)).toMatchObject({ is: "silent" });
    expect(read("send", rejected(-32_050), true)).toMatchObject({ is: "silent" });
    expect(read("send", rejected(RPC.internal))).toMatchObject({ is: "refused" });
  });

  test("a task of another message, and what is no task, prove nothing", () => {
    expect(read("send", result(task({ messageId: "another" })))).toMatchObject({ is: "silent" });
    for (const value of [
      null,
      {},
      [],
      "x",
      { task: { id: "a" } },
      { id: "", status: { state: "TASK_STATE_WORKING" } },
    ])
      expect(read("send", result(value))).toMatchObject({ is: "silent" });
  });

  test("what was not sent is not sent, and no answer is none", () => {
    expect(read("send", { is: "not-sent", why: WHY })).toEqual({ is: "not-sent", reason: WHY });
    expect(read("send", { is: "no-answer", why: WHY })).toEqual({ is: "silent", reason: WHY });
  });

  test("the words of a peer are harmless on a terminal, and its path is told", () => {
    const event = read("send", status(401));
    if (event?.is !== "refused") throw new Error("it is refused");
    expect(refusalText(event.reason)).toBe(
      'PEER_REFUSED: peer "gw-sg" refused our token (HTTP 401); nothing of it ran there. Mend plugins.entries.node-router.config.peers.gw-sg.token, or accept there.',
    );
    const full = read("send", rejected(RPC.rejected, "FULL"));
    if (full?.is !== "refused") throw new Error("it is refused");
    expect(full.reason.fact).toBe('peer "gw-sg" refused the task: FULL: of the peer\\u202e');
  });
});

describe("an answer about a task", () => {
  test("tells times by our clock, cuts a long result and says so", () => {
    const done = task({ phase: "completed" }, "0123456789abc");
    expect(read("poll", result(done))).toMatchObject({
      is: "task",
      task: {
        taskId: "t-1",
        startedAtMs: 1_000,
        result: "0123456789\n[the result was longer, and was cut here]",
      },
    });
  });

  test("that nobody knows it any more is that; every other error is none", () => {
    expect(read("poll", rejected(RPC.taskNotFound))).toMatchObject({ is: "gone" });
    expect(read("cancel", rejected(RPC.taskNotFound))).toMatchObject({ is: "gone" });
    expect(read("cancel", rejected(RPC.notCancelable))).toBeNull();
    for (const code of [401, 404, 500, 503]) expect(read("poll", status(code))).toBeNull();
    expect(read("poll", { is: "no-answer", why: WHY })).toBeNull();
  });
});

describe("a search for a message", () => {
  const found = (given: object) =>
    result({ found: "fenced", gateway: "gw-b", sinceMs: 100, nowMs: 105_000, ...given });

  test("finds the task, or proves that it was never there", () => {
    expect(read("find", result({ found: "task", task: task() }))).toMatchObject({ is: "task" });
    expect(read("find", found({ found: "unknown" }))).toEqual({ is: "never-seen" });
    expect(read("fence", found({}))).toEqual({ is: "fenced" });
    expect(read("fence", found({}), false, "gw-b")).toEqual({ is: "fenced" });
    const otherTimes = [
      { fromMs: 0, toMs: 101_000 },
      // The question took 1 ms, and so that clock may be 1 ms further.
      { fromMs: 101_002, toMs: 102_000 },
    ];
    expect(read("fence", found({ blanks: otherTimes }))).toEqual({ is: "fenced" });
  });

  // It was sent at 1,000 by our clock, which is 101,000 by theirs.
  test.each<[string, PeerAnswer]>([
    ["remembers less far back", found({ sinceMs: 101_001 })],
    ["has blanks that cannot be read", found({ blanks: [7] })],
    ["does not say how far back", found({ sinceMs: undefined })],
    ["says something else", found({ found: "maybe" })],
    ["answers with an error", rejected(RPC.method)],
    ["has another message's task", result({ found: "task", task: task({ messageId: "another" }) })],
  ])("proves nothing where the gateway %s", (_, answer) => {
    expect(read("fence", answer)).toBeNull();
    expect(read("find", answer)).toBeNull();
  });

  test("proves nothing where the gateway was down then, or has an older copy of its records: that is the end", () => {
    const older = found({ blanks: [{ fromMs: 101_000, toMs: 101_001 }] });
    for (const what of ["find", "fence"] as const)
      expect(read(what, older)).toMatchObject({ is: "given-up", reason: { code: "OUTCOME_UNKNOWN" } });
    // What is still under way may yet come.
    expect(read("find", older, false, null, 20_000)).toBeNull();
    expect(read("fence", older, false, null, 20_000)).toMatchObject({ is: "given-up" });
  });

  test("proves nothing where another gateway answers than the one that was asked", () => {
    expect(read("fence", found({}), false, "gw-before")).toBeNull();
  });
});
