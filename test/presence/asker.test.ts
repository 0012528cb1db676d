// Asking every node: a silent one delays no other, and is asked twice before it counts as down.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Asked, type AskReach, askInterval, createAsker } from "../../src/presence/asker.ts";
import type { PresenceSink, PresenceTarget, ReachAnswer } from "../../src/presence/record.ts";

const answers: ReachAnswer[] = [];
const sink: PresenceSink = {
  observe: () => {},
  answer: (answer) => void answers.push(answer),
  forget: () => {},
};
const target = (name: string): PresenceTarget => ({
  name,
  nodeId: name,
  tailscale: null,
  ssh: false,
  workspace: null,
  declared: null,
});
const up: Asked = { result: "up", rttMs: 3, reason: null };
const silent: Asked = { result: "silent", rttMs: null, reason: "no answer" };
const never = new AbortController().signal;
const asker = (ask: AskReach) => createAsker({ transport: "node", ask, now: () => 7 });
const turns = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  answers.length = 0;
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

describe("asking", () => {
  test("an answer goes to the sink with its node, transport and time", async () => {
    await asker(async () => up).round([target("a")], sink, never);
    await turns();
    expect(answers).toEqual([
      { node: "a", transport: "node", atMs: 7, result: "up", rttMs: 3, reason: null },
    ]);
  });

  test("silence is dated to its question, which says nothing of a connection that came after it", async () => {
    let nowMs = 100;
    const said = [silent, up];
    const ask: AskReach = async () => {
      nowMs += 50;
      return said.shift() ?? up;
    };
    await createAsker({ transport: "node", ask, now: () => nowMs }).round([target("a")], sink, never);
    await turns();
    expect(answers.map(({ result, atMs }) => [result, atMs])).toEqual([
      ["silent", 100],
      ["up", 200],
    ]);
  });

  test("a silent node is asked again at once, and only once", async () => {
    const ask = vi.fn(async () => silent);
    await asker(ask).round([target("a")], sink, never);
    await turns();
    expect(answers.map(({ result }) => result)).toEqual(["silent", "silent"]);
  });

  test("one that answers the second time was only slow", async () => {
    const ask = vi.fn<AskReach>().mockResolvedValueOnce(silent).mockResolvedValueOnce(up);
    await asker(ask).round([target("a")], sink, never);
    await turns();
    expect(answers.map(({ result }) => result)).toEqual(["silent", "up"]);
  });

  test("its own no is not asked about again", async () => {
    const ask = vi.fn(async (): Promise<Asked> => ({ result: "down", rttMs: null, reason: "closed" }));
    await asker(ask).round([target("a")], sink, never);
    await turns();
    expect(ask).toHaveBeenCalledTimes(1);
  });

  test("a node that never answers holds no other up, and is not asked twice at once", async () => {
    const ask = vi.fn<AskReach>(({ name }) =>
      name === "dead" ? new Promise(() => {}) : Promise.resolve(up),
    );
    const asking = asker(ask);
    for (let round = 0; round < 3; round += 1) {
      await asking.round([target("dead"), target("a")], sink, never);
      await turns();
    }
    expect(answers.filter(({ node }) => node === "a")).toHaveLength(3);
    expect(ask.mock.calls.filter(([{ name }]) => name === "dead")).toHaveLength(1);
  });

  test("a fault of the asking itself says nothing of the node", async () => {
    await asker(async () => {
      throw new Error("authority closed");
    }).round([target("a")], sink, never);
    await turns();
    expect(answers[0]).toMatchObject({ result: "unknown", reason: "authority closed" });
  });

  test("a thousand nodes are asked a hundred a second, not all at once", async () => {
    expect([3, 200, 1_000].map(askInterval)).toEqual([2_000, 500, 250]);
    const many = Array.from({ length: 1_000 }, (_, index) => target(`n${index}`));
    const round = asker(async () => up).round(many, sink, never);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(answers.length).toBeGreaterThan(50);
    expect(answers.length).toBeLessThanOrEqual(200);
    await vi.advanceTimersByTimeAsync(9_000);
    await round;
    expect(answers).toHaveLength(1_000);
  });

  test("the end of the round's time ends it", async () => {
    const ended = new AbortController();
    const many = Array.from({ length: 200 }, (_, index) => target(`n${index}`));
    const round = asker(async () => up).round(many, sink, ended.signal);
    await turns();
    ended.abort();
    await round;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(answers).toHaveLength(50);
    expect(vi.getTimerCount()).toBe(0);
  });
});
