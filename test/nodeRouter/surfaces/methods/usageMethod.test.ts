// The method `noderouter.usage`: the contract's fields, the rule in the answer, and what the page and metrics get.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { gatewayMethods } from "../../../../src/nodeRouter/host/gatewayMethods.ts";
import { LEDGER } from "../../../../src/nodeRouter/ledger/ledger.ts";
import { UsageError } from "../../../../src/nodeRouter/surfaces/methods/params.ts";
import { usage, usageOverview } from "../../../../src/nodeRouter/surfaces/methods/usageMethod.ts";
import { fakeDeps } from "../../../support/fakeDeps.ts";
import { command, ledgerIn, RAN, START_MS } from "../../ledger/arrange.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const TODAY = new Date(START_MS).toISOString().slice(0, 10);
const TOKENS = {
  input: 90,
  output: 9,
  cacheRead: 0,
  cacheWrite: 0,
  totalTokens: 99,
  totalCost: 0.25,
  missingCostEntries: 0,
};
const session = (key: string, agentId: string) => ({
  key,
  agentId,
  sessionId: key,
  usage: {
    ...TOKENS,
    dailyBreakdown: [{ date: TODAY, ...TOKENS }],
    modelUsage: [{ provider: "p", model: "m", totals: TOKENS }],
  },
});

/** A gateway with calls of worker-sg in Singapore, and none of master. */
function arranged(mode: "best-effort" | "off" = "best-effort") {
  const deps = fakeDeps();
  deps.clockMs = START_MS + 60_000;
  const ledger = ledgerIn(mode);
  deps.memory.part(LEDGER).current = ledger.audit;
  ledger.audit.end(command(), RAN);
  const folder = mkdtempSync(join(tmpdir(), "node-router-usage-"));
  folders.push(folder);
  const host = { status: "fresh", asked: [] as string[], refuses: false };
  const ask = async (method: string) => {
    host.asked.push(method);
    if (host.refuses) throw new Error("no");
    const sessions = [session("agent:worker-sg:main", "worker-sg"), session("agent:master:main", "master")];
    return { updatedAt: deps.clockMs, sessions, cacheStatus: { status: host.status } };
  };
  return { deps, folder, host, ask, [Symbol.asyncDispose]: () => ledger[Symbol.asyncDispose]() };
}

const ROW = { input: 90, output: 9, cacheRead: 0, cacheWrite: 0, cost: 0.25, unpriced: 0, sessions: 1 };

test("has the contract's fields, and says by which rule it counts", async () => {
  await using at = arranged();
  const report = await usage(at.deps, at.folder, { by: "region", days: 1 }, at.ask);
  expect(report).toEqual({
    by: "region",
    days: 1,
    from: TODAY,
    to: TODAY,
    at: new Date(at.deps.clockMs).toISOString(),
    complete: true,
    behind: 0,
    missing: 0,
    rows: [
      { key: "gateway", ...ROW },
      { key: "sg", ...ROW },
    ],
    totals: { ...ROW, input: 180, output: 18, cost: 0.5, sessions: 2 },
    unattributed: { ...ROW, input: 0, output: 0, cost: 0, sessions: 0, why: null },
    attribution: expect.stringContaining("the region of a node is its tag"),
    uncounted: expect.stringContaining("no session"),
  });
  const { rows } = await usage(at.deps, at.folder, {}, at.ask);
  expect(rows.map(({ key }) => key)).toEqual(["master", "worker-sg"]);
});

test("without a ledger nobody can tell where tokens were spent, and the sum is there all the same", async () => {
  await using at = arranged("off");
  const report = await usage(at.deps, at.folder, { by: "node" }, at.ask);
  expect(report.rows).toEqual([]);
  expect(report.unattributed).toMatchObject({
    input: 180,
    sessions: 2,
    why: expect.stringContaining("ledger"),
  });
  expect(report.totals.input).toBe(180);
});

test.each([{ by: "country" }, { by: 7 }, { days: 0 }, { days: 401 }, { days: 1.5 }, { days: "7" }])(
  "%j is the caller's mistake, and OpenClaw is not asked",
  async (params) => {
    await using at = arranged();
    await expect(usage(at.deps, at.folder, params, at.ask)).rejects.toThrow(UsageError);
    expect(at.host.asked).toEqual([]);
  },
);

describe("what the page and metrics get", () => {
  test("is counted once a minute, and asked for by those who may", async () => {
    await using at = arranged();
    const first = await usageOverview(at.deps, at.folder, at.ask);
    expect(first).toMatchObject({
      complete: true,
      days: 7,
      regions: [{ key: "gateway" }, { key: "sg" }],
      today: [
        { agent: "worker-sg", node: "mac-sg", tokens: { input: 90 } },
        { agent: "master", node: "gateway", tokens: { input: 90 } },
      ],
    });
    at.host.asked = [];
    at.deps.clockMs += 59_000;
    expect(await usageOverview(at.deps, at.folder, at.ask)).toEqual(first);
    expect(at.host.asked).toEqual(["usage.cost"]);
    at.host.refuses = true;
    expect(await usageOverview(at.deps, at.folder, at.ask)).toBeNull();
    at.host.refuses = false;
    at.deps.clockMs += 2_000;
    await usageOverview(at.deps, at.folder, at.ask);
    expect(at.host.asked).toContain("sessions.usage");
  });

  test("keeps no scrape waiting: what was counted before does for a while", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      await using at = arranged();
      const first = await usageOverview(at.deps, at.folder, at.ask);
      const asked = Promise.withResolvers<void>();
      const silent = async (method: string): Promise<unknown> => {
        if (method === "usage.cost") return {};
        asked.resolve();
        return new Promise(() => {});
      };
      at.deps.clockMs += 120_000;
      const late = usageOverview(at.deps, at.folder, silent);
      await asked.promise;
      await vi.advanceTimersByTimeAsync(5_000);
      expect(await late).toEqual(first);
      at.deps.clockMs += 600_000;
      const tooLate = usageOverview(at.deps, at.folder, silent);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await tooLate).toBeNull();
    } finally {
      vi.useRealTimers();
    }
  });

  test("is counted anew while OpenClaw still counts", async () => {
    await using at = arranged();
    at.host.status = "refreshing";
    expect(await usageOverview(at.deps, at.folder, at.ask)).toMatchObject({ complete: false });
    at.host.status = "fresh";
    expect(await usageOverview(at.deps, at.folder, at.ask)).toMatchObject({ complete: true });
  });
});

describe("the gateway's own methods", () => {
  const dispatcher = (answer: unknown) =>
    gatewayMethods(async () => ({
      dispatchGatewayMethod: async (method: string, params: object) => {
        if (answer instanceof Error) throw answer;
        return answer ?? { ok: true, payload: { method, params } };
      },
    }));

  test("answer with their payload", async () => {
    expect(await dispatcher(null)("sessions.usage", { a: 1 })).toEqual({
      method: "sessions.usage",
      params: { a: 1 },
    });
  });

  test.each([
    [{ ok: false, error: { message: "scope missing" } }, "scope missing"],
    [{}, "it says no reason"],
    [new Error("reserved"), "reserved"],
  ])("that refuse are told with their words: %j", async (answer, words) => {
    const refused = dispatcher(answer)("sessions.usage", {});
    await expect(refused).rejects.toMatchObject({ code: "USAGE_UNAVAILABLE" });
    await expect(refused).rejects.toThrow(words);
  });

  test("are missing in a host that is too old", async () => {
    await expect(gatewayMethods(async () => ({}))("sessions.usage", {})).rejects.toThrow(
      "no way for plugins",
    );
  });
});
