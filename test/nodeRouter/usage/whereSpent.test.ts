// Where the tokens of a session count: on the nodes of its calls, at the gateway without any, nowhere when nobody knows.
import { describe, expect, test } from "vitest";
import { type LedgerCall, type PlaceFacts, placer } from "../../../src/nodeRouter/usage/whereSpent.ts";
import { AT_GATEWAY, CN, SG } from "./arrange.ts";

const DAY = "2026-11-30";
const MAIN = "agent:worker-sg:main";
const FACTS: PlaceFacts = {
  regionOf: (node) => ({ "mac-sg": "sg", "mac-cn": "cn" })[node] ?? null,
  nodeOf: () => null,
  before: () => [],
  since: "2026-11-01",
};

function ran(session: string, node: string | null, change: Partial<LedgerCall> = {}): LedgerCall {
  const agent = session.split(":")[1] ?? "";
  return { at: `${DAY}T10:00:00.000Z`, agent, session, node, outcome: "ran", place: null, ...change };
}

const where = (
  calls: readonly LedgerCall[],
  { key = MAIN, agent = "worker-sg", day = DAY }: { key?: string | null; agent?: string; day?: string } = {},
  facts: Partial<PlaceFacts> = {},
  known = [MAIN],
) => placer(calls, new Set(known), { ...FACTS, ...facts })({ agent, key }, day);

test("calls on several nodes count each", () => {
  expect(where([ran(MAIN, "mac-sg"), ran(MAIN, "mac-cn"), ran(MAIN, "mac-sg")])).toEqual([
    { ...SG, calls: 2 },
    CN,
  ]);
});

test.each([
  ["refused", [AT_GATEWAY]],
  ["not-started", [AT_GATEWAY]],
  ["left", [AT_GATEWAY]],
  ["unknown", [SG]],
  ["running", [SG]],
])("a call that %s counts so", (outcome, places) => {
  expect(where([ran(MAIN, "mac-sg", { outcome })])).toEqual(places);
});

test("calls of another session, and of the gateway, say nothing", () => {
  expect(
    where([ran("agent:worker-sg:other", "mac-sg"), ran(MAIN, null)], {}, {}, [MAIN, "agent:worker-sg:other"]),
  ).toEqual([AT_GATEWAY]);
});

test("a day without calls is where its session is on other days, its own calls first", () => {
  const calls = [ran(MAIN, "mac-sg"), ran(MAIN, "mac-cn", { at: "2026-11-29T23:59:59.999Z" })];
  expect(where(calls)).toEqual([SG]);
  expect(where(calls, { day: "2026-11-29" })).toEqual([CN]);
  expect(where(calls, { day: "2026-11-28" })).toEqual([SG, CN]);
  expect(where([], {}, { before: () => [CN] })).toEqual([CN]);
  expect(where([], {}, { nodeOf: () => "mac-sg" })).toEqual([SG]);
});

test("a day of which the ledger has no records is nowhere, unless something else is known", () => {
  expect(where([], { day: "2026-10-31" })).toBeNull();
  expect(where([], {}, { since: null })).toBeNull();
  expect(where([], { day: "2026-10-31" }, { nodeOf: () => "mac-sg" })).toEqual([SG]);
});

describe("the region", () => {
  test.each([
    ["of a node that left is the country where its calls ran", { country: "JP" }, "jp"],
    ["is unknown when nobody said", null, "unknown"],
  ])("%s", (_, place, region) => {
    expect(where([ran(MAIN, "gone", { place })])).toEqual([{ node: "gone", region, calls: 1 }]);
  });
});

describe("a transcript whose session OpenClaw has forgotten", () => {
  const sub = "agent:worker-sg:subagent:1";
  test("counts where the agent's calls of forgotten sessions ran, not those of sessions that are there", () => {
    expect(where([ran(MAIN, "mac-cn"), ran(sub, "mac-sg")], { key: null })).toEqual([SG]);
    expect(where([ran(MAIN, "mac-cn")], { key: null })).toEqual([AT_GATEWAY]);
    expect(where([ran(sub, "mac-sg")], { key: null, agent: "worker-cn" })).toEqual([AT_GATEWAY]);
  });
});

test("a run of a cron job is the job's session, whichever key of the two is in the ledger", () => {
  const job = "agent:worker-cn:cron:j1";
  const call = ran(`${job}:run:5f`, "mac-cn");
  expect(where([call], { key: job, agent: "worker-cn" }, {}, [job])).toEqual([CN]);
  expect(
    where([ran(job, "mac-cn")], { key: `${job}:run:5f`, agent: "worker-cn" }, {}, [`${job}:run:5f`]),
  ).toEqual([CN]);
  expect(
    where([ran("agent:worker-cn:cron:j2:run:5f", "mac-cn")], { key: job, agent: "worker-cn" }, {}, [
      job,
      "agent:worker-cn:cron:j2",
    ]),
  ).toEqual([AT_GATEWAY]);
});
