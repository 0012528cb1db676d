// `usage` on the command line: it waits while OpenClaw counts, shows no zeros for what is not known, and states its rule.
import { describe, expect, test } from "vitest";
import { usageText } from "../../../../src/nodeRouter/surfaces/cli/usageCommand.ts";
import type { UsageReport } from "../../../../src/nodeRouter/surfaces/methods/usageMethod.ts";
import { NO_TOKENS } from "../../../../src/shared/tokenCount.ts";
import { MACHINE, run } from "./arrange.ts";

const row = (key: string, input: number, change: object = {}) => ({
  ...NO_TOKENS,
  key,
  input,
  sessions: 1,
  ...change,
});
const NOTHING = { ...NO_TOKENS, sessions: 0 };
const REPORT: UsageReport = {
  by: "node",
  days: 7,
  from: "2026-11-24",
  to: "2026-11-30",
  at: "2026-11-30T08:00:00.123Z",
  complete: true,
  behind: 0,
  missing: 0,
  rows: [row("mac-sg", 12_345, { output: 67, cost: 1.5 }), row("gateway", 5, { unpriced: 2 })],
  totals: { ...NO_TOKENS, input: 12_350, output: 67, cost: 1.5, unpriced: 2, sessions: 2 },
  unattributed: { ...NOTHING, why: null },
  attribution: "Tokens count so.",
  uncounted: "Titles are not in it.",
};
const COUNTING: UsageReport = { ...REPORT, complete: false, missing: 3, rows: [], totals: NOTHING };

test("a table with its total, the time, the rule, and what is in none of the numbers", () => {
  const lines = usageText(REPORT).split("\n");
  expect(lines[0]).toMatch(/^NODE +INPUT +OUTPUT +CACHE READ +CACHE WRITE +COST +SESSIONS$/);
  expect(lines[1]).toMatch(/^mac-sg +12345 +67 +0 +0 +1\.50 +1$/);
  expect(lines[2]).toMatch(/^gateway +5 +0 +0 +0 +- +1$/);
  expect(lines[3]).toMatch(/^total +12350 +67 +0 +0 +>1\.50 +2$/);
  const text = lines.join(" ");
  for (const said of [
    "From 2026-11-24 to 2026-11-30 (UTC days), as of 2026-11-30T08:00:00Z.",
    "Tokens count so.",
    "Titles are not in it.",
    "2 answers came from models without a price",
  ])
    expect(text).toContain(said);
  expect(text).not.toMatch(/counting|nattributed/);
});

test.each([60, 80, 100])("fits %i columns", (columns) => {
  const long = { ...REPORT, rows: [row("a-node-with-a-name-that-is-long".repeat(3), 1_234_567_890)] };
  for (const report of [REPORT, long, COUNTING])
    for (const line of usageText(report, columns).split("\n"))
      expect(line.length).toBeLessThanOrEqual(columns);
});

test("what nobody can place is a row with its reason", () => {
  const unattributed = { ...NO_TOKENS, input: 7, sessions: 1, why: "Nobody knows" };
  const text = usageText({ ...REPORT, rows: [], unattributed });
  expect(text).toMatch(/^\(unattributed\) +7 /m);
  expect(text).toContain("Unattributed: Nobody knows.");
});

test("nothing spent is said in words", () => {
  expect(usageText({ ...REPORT, rows: [], totals: NOTHING })).toBe(
    "Nothing was spent from 2026-11-24 to 2026-11-30.",
  );
});

describe("while OpenClaw counts", () => {
  const answering = (reports: readonly UsageReport[]) => {
    const left = [...reports];
    return () => left.shift();
  };
  const slept = (): { ms: number[]; machine: typeof MACHINE } => {
    const ms: number[] = [];
    return { ms, machine: { ...MACHINE, sleep: async (each: number) => void ms.push(each) } };
  };

  test("it is asked again after 5, 10 and 20 s, until it has everything", async () => {
    const { ms, machine } = slept();
    const { code, stdout } = await run("usage", {}, answering([COUNTING, COUNTING, REPORT]), machine);
    expect([code, ms]).toEqual([0, [5_000, 10_000]]);
    expect(stdout).toContain("mac-sg");
  });

  test("no zeros are shown, and the exit code says that something is open", async () => {
    const { ms, machine } = slept();
    const { code, stdout } = await run("usage", {}, answering(Array(4).fill(COUNTING)), machine);
    expect([code, ms]).toEqual([1, [5_000, 10_000, 20_000]]);
    expect(stdout).toMatch(/^Still counting: OpenClaw has 3 transcripts to read that are in none/);
    expect(stdout).not.toMatch(/\b0\b/);
  });

  test("what is known already is shown below the word", () => {
    const text = usageText({ ...REPORT, complete: false, missing: 1 });
    expect(text).toMatch(/^Still counting: OpenClaw has 1 transcript to read that is in none/);
    expect(text).toContain("12345");
  });

  test("what agents at work write is waited for once, is said, and is no finding", async () => {
    const { ms, machine } = slept();
    const behind = { ...REPORT, complete: false, behind: 1 };
    const { code, stdout } = await run("usage", {}, answering([behind, behind]), machine);
    expect([code, ms]).toEqual([0, [5_000]]);
    expect(stdout).toMatch(/^1 transcript was written to since OpenClaw counted: the newest tokens are not/);
  });
});

test("options go to the gateway as they are meant, and the JSON is its answer", async () => {
  const { code, stdout, asked } = await run("usage", { by: "region", days: "30", json: true }, () => REPORT);
  expect(asked).toEqual(['noderouter.usage {"by":"region","days":30}']);
  expect([code, JSON.parse(stdout)]).toEqual([0, REPORT]);
});

test.each([
  [{ by: "country" }, /^--by takes agent, node, region, model, not "country"/],
  [{ days: "0" }, /^--days takes a number from 1 to 400, not "0"/],
  [{ days: "401" }, /401/],
  [{ days: "week" }, /week/],
])("%j is wrong usage", async (options, words) => {
  const { code, stderr, asked } = await run("usage", options, () => REPORT);
  expect([code, asked]).toEqual([2, []]);
  expect(stderr).toMatch(words);
});
