// What answers over one transport come to.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DOWN_HOLDS_MS,
  NEVER_ASKED,
  type ReachMemory,
  reachAt,
  takeAnswer,
} from "../../src/presence/reach.ts";
import type { ReachAnswer } from "../../src/presence/record.ts";

let atMs = 1_000_000;
function answer(result: ReachAnswer["result"], rttMs: number | null = null): ReachAnswer {
  atMs += 2_000;
  return {
    node: "a",
    transport: "ssh",
    atMs,
    result,
    rttMs,
    reason: result === "up" ? null : `because ${result}`,
  };
}
const answers = (...results: ReachAnswer["result"][]): ReachMemory =>
  results.reduce((memory, result) => takeAnswer(memory, answer(result)), NEVER_ASKED);

describe("reach", () => {
  test("a node that nobody asked is unknown, not down", () => {
    expect(NEVER_ASKED.reach).toMatchObject({ state: "unknown", lastAnswerMs: null });
  });

  test("an answer makes it up", () => {
    expect(answers("up").reach).toMatchObject({ state: "up", failures: 0, lastAnswerMs: atMs, reason: null });
  });

  test("one silence is no outage, the second in a row is", () => {
    expect(answers("up", "silent").reach.state).toBe("failing");
    expect(answers("up", "silent", "silent").reach).toMatchObject({ state: "down", failures: 2 });
  });

  test("a silence between answers never adds up to an outage", () => {
    expect(answers("up", "silent", "up", "silent", "up", "silent").reach.state).toBe("failing");
  });

  test("the other end's own no counts at once", () => {
    expect(answers("up", "down").reach).toMatchObject({ state: "down", reason: "because down" });
  });

  test("a node that is down stays so at a further silence, and one answer brings it back", () => {
    expect(answers("down", "silent").reach.state).toBe("down");
    expect(answers("down", "silent", "up").reach).toMatchObject({ state: "up", failures: 0 });
  });

  test("an ask that failed by itself changes nothing of a node that just answered", () => {
    expect(answers("up", "unknown").reach.state).toBe("up");
  });

  test("an ask that failed by itself after a long time without an answer leaves the state unknown", () => {
    const up = answers("up");
    const late = takeAnswer(up, { ...answer("unknown"), atMs: atMs + 20_000 });
    expect(late.reach).toMatchObject({ state: "unknown", reason: "because unknown" });
  });

  test("a node that was down and cannot be asked any more is unknown, not down", () => {
    expect(answers("down", "unknown").reach.state).toBe("unknown");
  });

  test("the clock set back does not make an old answer young", () => {
    const up = answers("up");
    expect(takeAnswer(up, { ...answer("unknown"), atMs: 5 }).reach.state).toBe("unknown");
  });

  test("the round trip is the median of the last five, so one slow answer does not move it", () => {
    const memory = [70, 71, 900, 72, 70].reduce((m, rtt) => takeAnswer(m, answer("up", rtt)), NEVER_ASKED);
    expect(memory.reach.rttMs).toBe(71);
    const moved = [20, 20, 20].reduce((m, rtt) => takeAnswer(m, answer("up", rtt)), memory);
    expect(moved.reach.rttMs).toBe(20);
  });

  test("an answer without a round trip keeps the last one", () => {
    expect(takeAnswer(takeAnswer(NEVER_ASKED, answer("up", 30)), answer("up")).reach.rttMs).toBe(30);
  });

  test("whatever came before: an answer is up, its own no is down, and two silences never leave it up", () => {
    const result = fc.constantFrom<ReachAnswer["result"]>("up", "silent", "down", "unknown");
    fc.assert(
      fc.property(fc.array(result, { maxLength: 30 }), (before) => {
        expect(answers(...before, "up").reach.state).toBe("up");
        expect(answers(...before, "down").reach.state).toBe("down");
        expect(answers(...before, "silent", "silent").reach.state).toBe("down");
      }),
    );
  });
});

describe("as time goes by", () => {
  test.each(["down", "silent"] as const)(
    "a node that was %s and is asked no more is unknown, not down for ever",
    (result) => {
      const memory = answers("up", result, result);
      expect(reachAt(memory, atMs + DOWN_HOLDS_MS).state).toBe("down");
      expect(reachAt(memory, atMs + DOWN_HOLDS_MS + 1)).toMatchObject({
        state: "unknown",
        reason: "it was not asked lately",
      });
    },
  );

  test("every further no counts anew", () => {
    const first = answers("down");
    const again = takeAnswer(first, { ...answer("silent"), atMs: atMs + 30_000 });
    expect(reachAt(again, atMs + 60_000).state).toBe("down");
  });

  test("a clock that was set back makes it unknown, not down for as long as that", () => {
    expect(reachAt(answers("down"), atMs - 3_600_000).state).toBe("unknown");
  });

  test("an answer is not turned into a no by its age: how old it is, is its state's matter", () => {
    expect(reachAt(answers("up"), atMs + 3_600_000).state).toBe("up");
    expect(reachAt(NEVER_ASKED, atMs).state).toBe("unknown");
  });
});
