// Counting usage: what OpenClaw is asked, what is kept, and that nothing is told to whom OpenClaw would not tell it.
import { describe, expect, test } from "vitest";
import { countUsage, USAGE, type UsageSources } from "../../../src/nodeRouter/usage/countUsage.ts";
import { spending } from "../../../src/nodeRouter/usage/spending.ts";
import type { LedgerCall } from "../../../src/nodeRouter/usage/whereSpent.ts";
import { createMemory, type Memory } from "../../../src/shared/processMemory.ts";
import { DAY_MS, noon } from "./arrange.ts";

const TODAY = "2026-11-30";
const YESTERDAY = "2026-11-29";

/** One transcript of the fake host: tokens by day and model. */
interface Transcript {
  readonly key: string;
  readonly sessionId: string;
  readonly agentId: string;
  readonly days: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Older transcripts of its session. */
  readonly family?: readonly string[];
}

const totals = (input: number) => ({
  input,
  output: 0,
  cacheRead: 0,
  cacheWrite: 0,
  totalTokens: input,
  totalCost: input / 1000,
  missingCostEntries: 0,
});

interface World {
  transcripts: readonly Transcript[];
  calls: readonly LedgerCall[];
  /** Ids of transcripts that have grown since the host counted them: it then tells nothing of them. */
  grown: readonly string[];
  nowMs: number;
  file: string | null;
  asked: string[];
  since: number[];
  refused: boolean;
  writes: number;
  isFull: boolean;
  errors: unknown[];
  patienceMs: number;
  memory: Memory;
}

/** A host that answers as the real one does, from these transcripts, and a file in memory. */
function arranged(transcripts: readonly Transcript[], calls: readonly LedgerCall[] = []) {
  const at: World = {
    transcripts,
    calls,
    grown: [],
    nowMs: noon(TODAY),
    file: null,
    asked: [],
    since: [],
    refused: false,
    writes: 0,
    isFull: false,
    errors: [],
    patienceMs: 0,
    memory: createMemory(() => at.nowMs),
  };
  const sources = (): UsageSources => ({
    memory: at.memory,
    now: () => at.nowMs,
    file: "/state/node-router/usage.json",
    patienceMs: at.patienceMs,
    async ask(method, params) {
      const { startDate = "", endDate = "", groupBy } = params as Record<string, string>;
      at.asked.push(`${method} ${startDate} ${endDate}`);
      if (method === "usage.cost") {
        if (at.refused) throw new Error("FORBIDDEN");
        return {};
      }
      expect(params).toMatchObject({ agentScope: "all", mode: "utc" });
      const sessions = at.transcripts.map(({ key, sessionId, agentId, days, family }) => {
        const within = Object.entries(days).filter(([day]) => day >= startDate && day <= endDate);
        const models = within.flatMap(([, spent]) => Object.entries(spent));
        const sum = (of: typeof models) => of.reduce((all, [, input]) => all + input, 0);
        return {
          key,
          sessionId,
          agentId,
          ...(groupBy === "family" ? { includedSessionIds: [sessionId, ...(family ?? [])] } : {}),
          usage: at.grown.includes(sessionId)
            ? null
            : {
                ...totals(sum(models)),
                dailyBreakdown: within.map(([date, spent]) => ({
                  date,
                  ...totals(sum(Object.entries(spent))),
                })),
                modelUsage: [...new Set(models.map(([model]) => model))].map((model) => ({
                  provider: "p",
                  model,
                  totals: totals(sum(models.filter(([name]) => name === model))),
                })),
              },
        };
      });
      return {
        updatedAt: at.nowMs,
        sessions,
        cacheStatus: { status: at.grown.length === 0 ? "fresh" : "refreshing" },
      };
    },
    store: {
      read: async () => at.file,
      async write(text) {
        if (at.isFull) throw new Error("ENOSPC");
        at.writes += 1;
        at.file = text;
      },
    },
    async calls(sinceMs) {
      at.since.push(sinceMs);
      return at.calls;
    },
    facts: async () => ({ regionOf: () => "sg", nodeOf: () => null, before: () => [], since: "2026-01-01" }),
    onError: (error) => at.errors.push(error),
  });
  const count = (days = 7) => countUsage(sources(), days);
  const restart = () => {
    at.memory = createMemory(() => at.nowMs);
  };
  return { at, count, restart };
}

const main = (days: Transcript["days"], change: Partial<Transcript> = {}): Transcript => ({
  key: "agent:worker-sg:main",
  sessionId: "s1",
  agentId: "worker-sg",
  days,
  ...change,
});
const ran = (day: string, session = "agent:worker-sg:main"): LedgerCall => ({
  at: `${day}T09:00:00.000Z`,
  agent: "worker-sg",
  session,
  node: "mac-sg",
  outcome: "ran",
  place: null,
});

test("asks for the whole time once, and then for each day on which something was spent", async () => {
  const { at, count } = arranged([main({ [TODAY]: { m: 5 }, "2026-11-26": { m: 3, n: 2 } })], [ran(TODAY)]);
  const counted = await count();
  expect(at.asked).toEqual([
    `usage.cost ${TODAY} ${TODAY}`,
    `sessions.usage 2026-11-24 ${TODAY}`,
    "sessions.usage 2026-11-26 2026-11-26",
    `sessions.usage ${TODAY} ${TODAY}`,
  ]);
  expect(at.since).toEqual([Date.parse("2026-11-26")]);
  expect(counted).toMatchObject({ complete: true, days: expect.arrayContaining([TODAY, "2026-11-24"]) });
  const models = spending(counted.history, counted.days, "model").rows;
  expect(models.map(({ key, input }) => [key, input])).toEqual([
    ["p/m", 8],
    ["p/n", 2],
  ]);
});

test("asks no more for days that were over, and for those since the last count, however long ago", async () => {
  const { at, count } = arranged([main({ [YESTERDAY]: { m: 5 }, [TODAY]: { m: 1 } })]);
  await count();
  at.asked = [];
  at.nowMs += 10 * DAY_MS;
  at.transcripts = [main({ [TODAY]: { m: 4 }, "2026-12-03": { m: 2 } })];
  const { history } = await count(1);
  expect(at.asked).toEqual([
    "usage.cost 2026-12-10 2026-12-10",
    `sessions.usage ${TODAY} 2026-12-10`,
    `sessions.usage ${TODAY} ${TODAY}`,
    "sessions.usage 2026-12-03 2026-12-03",
  ]);
  expect(spending(history, [YESTERDAY, TODAY, "2026-12-03"], "agent").totals.input).toBe(11);
});

describe("while OpenClaw counts", () => {
  test("what was known stays: it tells nothing at all of a session that has grown", async () => {
    const { at, count } = arranged([main({ [TODAY]: { m: 5 } })]);
    expect(await count()).toMatchObject({ complete: true, behind: 0, missing: 0 });
    at.transcripts = [main({ [TODAY]: { m: 9 } })];
    at.grown = ["s1"];
    const counted = await count();
    expect(counted).toMatchObject({ complete: false, behind: 1, missing: 0 });
    expect(spending(counted.history, counted.days, "agent").totals.input).toBe(5);
    at.grown = [];
    expect(spending((await count()).history, [TODAY], "agent").totals.input).toBe(9);
  });

  test("a session of which nothing was ever known is missing", async () => {
    const { at, count } = arranged([main({ [TODAY]: { m: 5 } })]);
    at.grown = ["s1"];
    expect(await count()).toMatchObject({ complete: false, behind: 0, missing: 1 });
  });

  test("a day that is over is done when each of its sessions was counted once, be they never all at once", async () => {
    const two = [
      main({ [YESTERDAY]: { m: 5 } }),
      main({ [YESTERDAY]: { m: 7 } }, { key: "agent:worker-cn:main", sessionId: "s2", agentId: "worker-cn" }),
    ];
    const { at, count } = arranged(two);
    at.grown = ["s2"];
    await count(2);
    at.grown = ["s1"];
    const { history } = await count(2);
    expect(spending(history, [YESTERDAY], "agent").totals.input).toBe(12);
    at.asked = [];
    await count(2);
    expect(at.asked).toEqual([`usage.cost ${TODAY} ${TODAY}`, `sessions.usage ${TODAY} ${TODAY}`]);
  });

  test("a day that was not over then is not done", async () => {
    const { at, count } = arranged([main({ [TODAY]: { m: 5 } })]);
    await count(1);
    at.nowMs += DAY_MS;
    at.grown = ["s1"];
    await count(2);
    at.asked = [];
    await count(2);
    expect(at.asked[1]).toBe(`sessions.usage ${TODAY} 2026-12-01`);
  });
});

describe("the history", () => {
  test("survives a restart, an agent that is gone, and transcripts that are deleted", async () => {
    const { at, count, restart } = arranged([main({ [YESTERDAY]: { m: 5 } })], [ran(YESTERDAY)]);
    await count();
    restart();
    at.transcripts = [];
    at.calls = [];
    const { history, days } = await count();
    expect(spending(history, days, "region").rows).toMatchObject([{ key: "sg", input: 5, sessions: 1 }]);
  });

  test("is written only when something changed", async () => {
    const { at, count } = arranged([main({ [YESTERDAY]: { m: 5 } })]);
    at.nowMs = Date.parse(TODAY) + 3 * 60 * 60_000;
    await count();
    await count();
    expect(at.writes).toBe(1);
  });

  test("waits for its file where somebody asks every few seconds", async () => {
    const { at, count } = arranged([main({ [TODAY]: { m: 5 } })]);
    at.patienceMs = 60_000;
    await count();
    at.transcripts = [main({ [TODAY]: { m: 6 } })];
    at.nowMs += 59_000;
    await count();
    expect(at.writes).toBe(1);
    at.nowMs += 1_000;
    await count();
    expect(at.writes).toBe(2);
  });

  test("that cannot be written is told, and the answer is there", async () => {
    const { at, count } = arranged([main({ [TODAY]: { m: 5 } })]);
    at.isFull = true;
    const { history } = await count();
    expect(spending(history, [TODAY], "agent").totals.input).toBe(5);
    expect(at.errors).toMatchObject([{ message: "ENOSPC" }]);
    at.isFull = false;
    await count();
    expect(at.writes).toBe(1);
  });

  test("of another version is not written over", async () => {
    const { at, count } = arranged([main({ [TODAY]: { m: 5 } })]);
    at.file = '{"version":9}';
    await expect(count()).rejects.toMatchObject({ code: "USAGE_UNAVAILABLE" });
    expect(at.file).toBe('{"version":9}');
  });
});

test("the old transcript of a reset session counts where the session's calls ran", async () => {
  const { at, count } = arranged(
    [
      main({ [TODAY]: { m: 5 } }, { sessionId: "s2", family: ["s1"] }),
      main({ [TODAY]: { m: 40 } }, { key: "agent:worker-sg:s1" }),
    ],
    [ran(TODAY)],
  );
  const { history, days } = await count();
  expect(spending(history, days, "node").rows).toMatchObject([{ key: "mac-sg", input: 45, sessions: 1 }]);
  at.asked = [];
  await count(1);
  // Whose transcript it is need not be asked twice.
  expect(at.asked.filter((asked) => asked.startsWith("sessions.usage"))).toHaveLength(1);
});

test("whom OpenClaw refuses the sum of all sessions gets none, also of what was counted for others", async () => {
  const { at, count } = arranged([main({ [TODAY]: { m: 5 } })]);
  await count();
  at.refused = true;
  at.asked = [];
  await expect(count()).rejects.toThrow("FORBIDDEN");
  expect(at.asked).toEqual([`usage.cost ${TODAY} ${TODAY}`]);
});

test("two at once come one after the other, and one that fails keeps nobody", async () => {
  const { at, count } = arranged([main({ [TODAY]: { m: 5 } })]);
  at.refused = true;
  const first = count();
  await expect(first).rejects.toThrow();
  at.refused = false;
  const both = await Promise.all([count(), count()]);
  expect(both.map(({ history }) => spending(history, [TODAY], "agent").totals.input)).toEqual([5, 5]);
  expect(at.memory.part(USAGE).last?.complete).toBe(true);
});
