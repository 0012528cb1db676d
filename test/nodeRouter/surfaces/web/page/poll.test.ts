// Asking every few seconds, with timers and answers in the test's hand.
import { describe, expect, test } from "vitest";
import {
  CannotAsk,
  EVERY_MS,
  freshnessText,
  OLD_MS,
  type PollEdges,
  type PollState,
  startPoll,
  TIMEOUT_MS,
} from "../../../../../src/nodeRouter/surfaces/web/page/poll.ts";

interface Question {
  readonly answer: (value: number) => void;
  readonly fail: (error: Error) => void;
  readonly signal: AbortSignal;
}

function arrange(visibleAtFirst = true, first = false) {
  const timers = new Map<number, { atMs: number; callback: () => void }>();
  const world = {
    nowMs: 0,
    visible: visibleAtFirst,
    questions: [] as Question[],
    data: [] as number[],
    state: null as PollState | null,
    gaveUp: 0,
  };
  let last = 0;
  const edges: PollEdges<number> = {
    ask: (signal) =>
      new Promise((answer, reject) => {
        world.questions.push({ answer, fail: reject, signal });
        signal.addEventListener("abort", () => reject(new Error("aborted")));
      }),
    now: () => world.nowMs,
    after(ms, callback) {
      last += 1;
      const id = last;
      timers.set(id, { atMs: world.nowMs + ms, callback });
      return () => void timers.delete(id);
    },
    visible: () => world.visible,
    onData: (data) => void world.data.push(data),
    onState: (state) => {
      world.state = state;
    },
    onCannotAsk: () => {
      world.gaveUp += 1;
    },
  };
  const poll = startPoll(edges, first);
  const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  return {
    poll,
    world,
    timers,
    settle,
    async pass(ms: number) {
      world.nowMs += ms;
      for (const [id, { atMs, callback }] of [...timers]) {
        if (atMs > world.nowMs) continue;
        timers.delete(id);
        callback();
      }
      await settle();
    },
    async answer(value: number) {
      world.questions.at(-1)?.answer(value);
      await settle();
    },
    async show(visible: boolean) {
      world.visible = visible;
      poll.visibilityChanged();
      await settle();
    },
  };
}

describe("asking", () => {
  test("at once, and again so many seconds after each answer, never two at a time", async () => {
    const { world, pass, answer } = arrange();
    expect(world.questions).toHaveLength(1);
    await pass(EVERY_MS); // no answer yet
    expect(world.questions).toHaveLength(1);
    await answer(1);
    await pass(EVERY_MS - 1);
    expect(world.questions).toHaveLength(1);
    await pass(1);
    expect(world.questions).toHaveLength(2);
    expect(world.data).toEqual([1]);
  });

  test("goes on after a failure, and says so until an answer comes", async () => {
    const { world, pass, answer, settle } = arrange();
    await answer(1);
    await pass(EVERY_MS);
    world.questions.at(-1)?.fail(new Error("the gateway does not answer"));
    await settle();
    expect(world.state).toMatchObject({ error: "the gateway does not answer", answeredAtMs: 0 });
    await pass(EVERY_MS);
    await answer(2);
    expect(world.state).toMatchObject({ error: null, answeredAtMs: 2 * EVERY_MS });
  });

  test("an answer that does not come is given up, and asked for again", async () => {
    const { world, pass } = arrange();
    await pass(TIMEOUT_MS);
    expect(world.questions[0]?.signal.aborted).toBe(true);
    expect(world.state?.error).toBe("no answer in 10 s");
    await pass(EVERY_MS);
    expect(world.questions).toHaveLength(2);
  });

  test("somebody who asks meanwhile gets a second question right behind the first, and only one", async () => {
    const { poll, world, answer } = arrange();
    poll.now();
    poll.now();
    expect(world.questions).toHaveLength(1);
    await answer(1);
    expect(world.questions).toHaveLength(2);
    await answer(2);
    expect(world.questions).toHaveLength(2);
  });
});

describe("a page whose questions never get through", () => {
  test("asks once, says so, and asks no more, whoever wants it to", async () => {
    const { poll, world, timers, settle, pass, show } = arrange(true, true);
    world.questions[0]?.fail(new CannotAsk());
    await settle();
    expect([world.gaveUp, timers.size, poll.state()]).toEqual([
      1,
      0,
      { answeredAtMs: 0, error: null, paused: false },
    ]);
    poll.now();
    await show(false);
    await show(true);
    await pass(10 * EVERY_MS);
    expect([world.questions.length, world.gaveUp]).toEqual([1, 1]);
  });

  test("what came with the page counts as an answer, and what did not does not", () => {
    expect(arrange(true, true).poll.state().answeredAtMs).toBe(0);
    expect(arrange(true, false).poll.state().answeredAtMs).toBeNull();
  });
});

describe("nobody looks", () => {
  test("a page that opens hidden asks nothing until it is shown", async () => {
    const { world, pass, show } = arrange(false);
    await pass(10 * EVERY_MS);
    expect(world.questions).toHaveLength(0);
    await show(true);
    expect(world.questions).toHaveLength(1);
  });

  test("hidden, it stops; shown, it asks at once; and no timer is left behind", async () => {
    const { world, timers, pass, answer, show } = arrange();
    await answer(1);
    await show(false);
    expect(timers.size).toBe(0);
    await pass(10 * EVERY_MS);
    expect([world.questions.length, world.state?.paused]).toEqual([1, true]);
    await show(true);
    expect([world.questions.length, world.state?.paused]).toEqual([2, false]);
  });

  test("hidden while it asks, it takes the answer and asks no more", async () => {
    const { world, timers, answer, show } = arrange();
    await show(false);
    await answer(1);
    expect([world.data, timers.size]).toEqual([[1], 0]);
  });
});

describe("what is said of the age", () => {
  const state = (changes: Partial<PollState>): PollState => ({
    answeredAtMs: 0,
    error: null,
    paused: false,
    ...changes,
  });
  test.each([
    [state({ answeredAtMs: null }), 0, "Asking the gateway…", false],
    [state({}), 900, "Updated just now", false],
    [state({}), 4_000, "Updated 4 s ago", false],
    [state({}), OLD_MS, "Updated 20 s ago", true], // such as after the machine slept
    [state({ paused: true }), 60_000, "Paused. What you see is 60 s old.", false],
    [
      state({ error: "the gateway does not answer" }),
      35_000,
      "No new data: the gateway does not answer. What you see is 35 s old. Asking again.",
      true,
    ],
    [
      state({ error: "x", answeredAtMs: null }),
      0,
      "No new data: x. Nothing is known yet. Asking again.",
      true,
    ],
    [state({ answeredAtMs: 5_000 }), 0, "Updated just now", false], // the clock was set back
  ])("%j at %i", (at, nowMs, text, bad) => {
    expect(freshnessText(at, nowMs)).toEqual({ text, bad });
  });
});
