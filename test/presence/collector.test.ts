// The loops of the sources: none stalls another, failures back off, and nothing runs after the end.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Collector, SourceAbsent, startCollector } from "../../src/presence/collector.ts";
import type { PresenceSink, PresenceSource } from "../../src/presence/record.ts";
import { createLogger } from "../../src/shared/logger.ts";

const log = createLogger({ info: () => {}, warn: () => {}, error: () => {} });
const sink: PresenceSink = { observe: () => {}, answer: () => {}, forget: () => {} };
let running: Collector | null = null;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  running?.stop();
  vi.useRealTimers();
});

function start(sources: readonly PresenceSource[], random = () => 0.5): Collector {
  running = startCollector({ sources, targets: () => [], sink, now: Date.now, random, log });
  return running;
}

function source(
  id: string,
  round: PresenceSource["round"],
  over: Partial<PresenceSource> = {},
): PresenceSource {
  return { id, intervalMs: () => 1_000, timeoutMs: 500, round, ...over };
}

describe("collector", () => {
  test("asks at once, and then once an interval", async () => {
    const round = vi.fn(async () => {});
    start([source("a", round)]);
    expect(round).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(3_500);
    expect(round).toHaveBeenCalledTimes(4);
  });

  test("a source that hangs, or throws, holds no other up", async () => {
    const good = vi.fn(async () => {});
    const hanging = vi.fn(() => new Promise<void>(() => {}));
    const throwing = vi.fn(() => {
      throw new Error("at once");
    });
    const collector = start([source("hanging", hanging), source("throwing", throwing), source("good", good)]);
    await vi.advanceTimersByTimeAsync(10_500);
    expect(good).toHaveBeenCalledTimes(11);
    const health = Object.fromEntries(collector.health().map((item) => [item.id, item]));
    expect(health.good).toMatchObject({ failures: 0, lastError: null });
    expect(health.throwing?.lastError).toBe("at once");
    expect(health.hanging?.lastError).toContain("did not answer within 500 ms");
  });

  test("what an open question brings after the end is not heard: by then another loop asks the same nodes", async () => {
    const said: string[] = [];
    const own: PresenceSink = {
      observe: () => void said.push("observe"),
      answer: () => void said.push("answer"),
      forget: () => void said.push("forget"),
    };
    const tell = (to: PresenceSink): void => {
      to.observe({ node: "a", source: "ssh", atMs: 0, facts: {} });
      to.answer({ node: "a", transport: "ssh", atMs: 0, result: "down", rttMs: null, reason: "" });
      to.forget("ssh", ["a"]);
    };
    const late: (() => void)[] = [];
    running = startCollector({
      sources: [
        source("a", async (_, to) => {
          tell(to);
          late.push(() => tell(to));
        }),
      ],
      targets: () => [],
      sink: own,
      now: Date.now,
      random: () => 0.5,
      log,
    });
    expect(said).toEqual(["observe", "answer", "forget"]);
    running.stop();
    for (const tellLate of late) tellLate();
    expect(said).toHaveLength(3);
  });

  test("a round that ignores its time-out is never run twice at once", async () => {
    let open = 0;
    let most = 0;
    const round = vi.fn(async () => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      open -= 1;
    });
    start([source("slow", round)]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(most).toBe(1);
    expect(round.mock.calls.length).toBeGreaterThan(1);
  });

  test("its time-out reaches the round as a signal", async () => {
    const seen: boolean[] = [];
    const round: PresenceSource["round"] = (_targets, _sink, signal) =>
      new Promise((_, reject) =>
        signal.addEventListener("abort", () => {
          seen.push(true);
          reject(new Error("aborted"));
        }),
      );
    start([source("a", round)]);
    await vi.advanceTimersByTimeAsync(499);
    expect(seen).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(seen).toEqual([true]);
  });

  test("failures are asked less and less often, at most a minute apart, and one success ends that", async () => {
    const at: number[] = [];
    let fails = true;
    const round = async () => {
      at.push(Date.now());
      if (fails) throw new Error("no");
    };
    const collector = start([source("a", round)]);
    await vi.advanceTimersByTimeAsync(200_000);
    const gaps = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(gaps.slice(0, 7)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000]);
    fails = false;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(collector.health()[0]).toMatchObject({ failures: 0, lastError: null });
    at.length = 0;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(at.length).toBeGreaterThanOrEqual(3);
  });

  test("a source that is not there is no failure, is told, and is looked for once a minute until it is", async () => {
    const round = vi.fn(async (): Promise<void> => {
      throw new SourceAbsent("not installed");
    });
    const collector = start([source("a", round)]);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(round).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(122_000);
    expect(round).toHaveBeenCalledTimes(4);
    expect(collector.health()[0]).toEqual({
      id: "a",
      lastOkMs: null,
      failures: 0,
      lastError: "not installed",
    });
    round.mockImplementation(async () => {});
    await vi.advanceTimersByTimeAsync(62_000);
    expect(collector.health()[0]).toMatchObject({ lastOkMs: expect.any(Number), lastError: null });
    expect(round.mock.calls.length).toBeGreaterThanOrEqual(6);
  });

  test("jitter moves a round by a tenth at most", async () => {
    for (const [random, gap] of [
      [() => 0, 900],
      [() => 1, 1_100],
    ] as const) {
      const at: number[] = [];
      const collector = start([source("a", async () => void at.push(Date.now()))], random);
      await vi.advanceTimersByTimeAsync(1_200);
      collector.stop();
      expect((at[1] ?? 0) - (at[0] ?? 0)).toBe(gap);
    }
  });

  test("a watch that ends is opened again, later and later, and not after the end", async () => {
    const ends: (() => void)[] = [];
    const watch = vi.fn((_targets, _sink, onEnd: (error: unknown) => void) => {
      ends.push(() => onEnd(new Error("closed")));
      return () => {};
    });
    const collector = start([source("a", async () => {}, { watch })]);
    expect(watch).toHaveBeenCalledTimes(1);
    ends.at(-1)?.();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(watch).toHaveBeenCalledTimes(2);
    ends.at(-1)?.();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(watch).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(watch).toHaveBeenCalledTimes(3);
    collector.stop();
    ends.at(-1)?.();
    await vi.advanceTimersByTimeAsync(100_000);
    expect(watch).toHaveBeenCalledTimes(3);
  });

  test("nothing runs after the end", async () => {
    const round = vi.fn(async () => {});
    const ended = vi.fn();
    const collector = start([source("a", round, { watch: () => ended })]);
    await vi.advanceTimersByTimeAsync(1_500);
    collector.stop();
    const calls = round.mock.calls.length;
    await vi.advanceTimersByTimeAsync(100_000);
    expect(round).toHaveBeenCalledTimes(calls);
    expect(ended).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
