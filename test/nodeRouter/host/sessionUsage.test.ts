// What OpenClaw says of usage is read as it is, zeros while it counts included, and nothing is made of what is no number.
import { expect, test } from "vitest";
import { readHostUsage } from "../../../src/nodeRouter/host/sessionUsage.ts";
import { NO_TOKENS } from "../../../src/shared/tokenCount.ts";

const TOTALS = {
  input: 10,
  output: 2,
  cacheRead: 3,
  cacheWrite: 4,
  totalTokens: 19,
  totalCost: 0.5,
  missingCostEntries: 1,
};
const TOKENS = { input: 10, output: 2, cacheRead: 3, cacheWrite: 4, cost: 0.5, unpriced: 1 };
const session = (change: object = {}) => ({
  key: "agent:master:main",
  sessionId: "s1",
  agentId: "master",
  usage: {
    ...TOTALS,
    modelUsage: [{ provider: "p", model: "m", count: 1, totals: TOTALS }],
    dailyBreakdown: [{ date: "2026-11-30", tokens: 19, cost: 0.5, ...TOTALS }],
  },
  ...change,
});

test("a transcript has its session, its tokens and those of its models", () => {
  const usage = readHostUsage({ updatedAt: 7, sessions: [session()], cacheStatus: { status: "fresh" } });
  expect(usage).toEqual({
    complete: true,
    atMs: 7,
    transcripts: [
      {
        id: "s1",
        agent: "master",
        key: "agent:master:main",
        isRead: true,
        total: TOKENS,
        models: new Map([["p/m", TOKENS]]),
      },
    ],
    keys: new Map(),
    days: ["2026-11-30"],
  });
});

test.each([
  ["fresh", true],
  ["refreshing", false],
  ["stale", false],
  ["partial", false],
  ["something new", false],
])("%s is complete: %s", (status, complete) => {
  const cacheStatus = { status };
  expect(readHostUsage({ sessions: [], cacheStatus })).toMatchObject({ complete });
});

test("while it begins to count, a session has no usage, and its zeros are no days", () => {
  const zero = {
    ...TOTALS,
    input: 0,
    output: 0,
    cacheRead: 0,
    cacheWrite: 0,
    totalCost: 0,
    missingCostEntries: 0,
  };
  const usage = readHostUsage({
    sessions: [
      session({ usage: null }),
      session({ sessionId: "s2", usage: { ...zero, dailyBreakdown: [{ date: "2026-11-30", ...zero }] } }),
    ],
    cacheStatus: { status: "refreshing", pendingFiles: 2, staleFiles: 0 },
  });
  expect(usage).toMatchObject({ complete: false, days: [] });
  expect(usage?.transcripts.map(({ isRead, total }) => [isRead, total])).toEqual([
    [false, NO_TOKENS],
    [true, NO_TOKENS],
  ]);
});

test("of a reset session every transcript is the session's, and one whose session is gone is nobody's", () => {
  const usage = readHostUsage({
    sessions: [
      session({ includedSessionIds: ["s1", "s0"] }),
      session({ key: "agent:master:s9", sessionId: "s9", includedSessionIds: ["s9"] }),
    ],
  });
  expect([...(usage?.keys ?? [])]).toEqual([
    ["s1", "agent:master:main"],
    ["s0", "agent:master:main"],
  ]);
  expect(usage?.transcripts.map(({ key }) => key)).toEqual(["agent:master:main", null]);
  expect(usage?.complete).toBe(true);
});

test("what is no answer is none, and what is no number counts nothing", () => {
  expect(readHostUsage(undefined)).toBeNull();
  expect(readHostUsage({ sessions: {} })).toBeNull();
  const odd = session({
    usage: { input: "9", output: -1, cacheRead: Number.NaN, modelUsage: [{ provider: "p" }, 7] },
  });
  const usage = readHostUsage({ sessions: [odd, { key: "x" }, null] });
  expect(usage?.transcripts).toEqual([
    {
      id: "s1",
      agent: "master",
      key: "agent:master:main",
      isRead: true,
      total: NO_TOKENS,
      models: new Map(),
    },
  ]);
});

test("two rows of one model are added", () => {
  const row = { model: "m", totals: TOTALS };
  const usage = readHostUsage({ sessions: [session({ usage: { modelUsage: [row, row] } })] });
  expect(usage?.transcripts[0]?.models.get("m")).toMatchObject({ input: 20, cost: 1 });
});
