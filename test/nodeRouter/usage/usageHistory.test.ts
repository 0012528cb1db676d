// The history of usage: which days are read again, what a reading adds, and what stays of old days.
import { describe, expect, test } from "vitest";
import { historyText, parseHistory } from "../../../src/nodeRouter/usage/historyText.ts";
import { spending, summedUp } from "../../../src/nodeRouter/usage/spending.ts";
import {
  dayBeside,
  daysBetween,
  knownKeys,
  NO_HISTORY,
  OPEN_DAYS,
  tidied,
  USAGE_KEEP_DAYS,
  unread,
  withReading,
} from "../../../src/nodeRouter/usage/usageHistory.ts";
import { CN, DAY_MS, noon, reading, SG, spent, use } from "./arrange.ts";

const D1 = "2026-11-28";
const D2 = "2026-11-29";
const D3 = "2026-11-30";
const inputOf = (history: Parameters<typeof spending>[0], days = [D1, D2, D3]) =>
  spending(history, days, "agent").totals.input;

test("days are those of the calendar, over the end of a month and of a year", () => {
  expect(daysBetween("2026-12-30", "2027-01-02")).toEqual([
    "2026-12-30",
    "2026-12-31",
    "2027-01-01",
    "2027-01-02",
  ]);
  expect(dayBeside("2028-03-01", -1)).toBe("2028-02-29");
});

describe("a day is read again", () => {
  test.each([
    ["while it lasts", noon(D2), true, true],
    ["in the hour after it, in which runs still write", Date.parse(D3) + 59 * 60_000, true, true],
    ["not when it was over and everything was counted", Date.parse(D3) + 61 * 60_000, true, false],
    ["when not everything was counted", noon(D3), false, true],
  ])("%s", (_, readMs, complete, isRead) => {
    const history = withReading(NO_HISTORY, reading(readMs, { [D2]: { a: use(1) } }, complete));
    expect(unread(history, [D2], noon(D3) + DAY_MS)).toEqual(isRead ? [D2] : []);
  });

  test("when the clock went back to before its last reading", () => {
    const history = withReading(NO_HISTORY, reading(noon(D3), { [D1]: { a: use(1) } }));
    expect(unread(history, [D1], noon(D3) + 1)).toEqual([]);
    expect(unread(history, [D1], noon(D2))).toEqual([D1]);
  });
});

describe("a reading", () => {
  test("that comes twice, or is older than another, adds nothing", () => {
    const early = reading(noon(D1), { [D1]: { a: use(40) } });
    const late = reading(noon(D2), { [D1]: { a: use(100) } });
    const both = withReading(withReading(NO_HISTORY, early), late);
    expect(inputOf(both)).toBe(100);
    expect(inputOf(withReading(withReading(both, late), early))).toBe(100);
  });

  test("of zeros, as while OpenClaw begins to count, takes nothing away", () => {
    const full = withReading(NO_HISTORY, reading(noon(D1), { [D1]: { a: use(40) } }));
    expect(inputOf(withReading(full, reading(noon(D1) + 1, { [D1]: { a: use(0) } }, false)))).toBe(40);
    expect(inputOf(withReading(full, reading(noon(D1) + 1, { [D1]: {} }, false)))).toBe(40);
  });

  test("after a reset has the old transcript without its session's key, which is remembered", () => {
    const before = withReading(NO_HISTORY, reading(noon(D1), { [D1]: { a: use(40) } }));
    const after = withReading(
      before,
      reading(noon(D1) + 1, { [D1]: { a: use(40, { key: null }), b: use(5) } }),
    );
    expect(spending(after, [D1], "agent").rows).toMatchObject([{ input: 45, sessions: 1 }]);
    expect(knownKeys(after).get("a")).toBe("agent:worker-sg:main");
  });

  test.each([
    ["whose provider has another name for a newer OpenClaw", "openai/m", "openai-codex/m"],
    ["that was not named when it was read first", "", "p/m"],
  ])("of a model %s does not count twice", (_, before, after) => {
    const named = (model: string, input: number) => use(0, { models: new Map([[model, spent(input)]]) });
    const first = withReading(NO_HISTORY, reading(noon(D1), { [D1]: { a: named(before, 40) } }));
    const then = withReading(first, reading(noon(D1) + 1, { [D1]: { a: named(after, 45) } }));
    expect(inputOf(then)).toBe(45);
    expect(spending(then, [D1], "model").totals.input).toBe(45);
  });

  test("knows the nodes better the more calls it has seen: a ledger that lost records changes nothing", () => {
    const seen = withReading(
      NO_HISTORY,
      reading(noon(D1), { [D1]: { a: use(40, { places: [{ ...SG, calls: 3 }] }) } }),
    );
    const lost = withReading(seen, reading(noon(D1) + 1, { [D1]: { a: use(40, { places: [CN] }) } }));
    expect(spending(lost, [D1], "node").rows).toMatchObject([{ key: "mac-sg", input: 40 }]);
    const nobody = withReading(seen, reading(noon(D1) + 1, { [D1]: { a: use(41, { places: null }) } }));
    expect(spending(nobody, [D1], "node").rows).toMatchObject([{ key: "mac-sg", input: 41 }]);
  });
});

describe("an old day", () => {
  const settledMs = noon(D2);
  const open = withReading(
    NO_HISTORY,
    reading(settledMs, {
      [D1]: {
        a: use(40),
        b: use(2, { key: "agent:worker-sg:other", places: [SG, CN] }),
        c: use(7, { key: null, places: null }),
      },
    }),
  );
  const later = Date.parse(D1) + OPEN_DAYS * DAY_MS;

  test("is summed up, and says the same of agents, nodes, regions and models as before", () => {
    const closed = tidied(open, later, summedUp);
    expect([closed.open.size, closed.closed.size]).toEqual([0, 1]);
    for (const by of ["agent", "node", "region", "model"] as const) {
      const strip = ({ rows, unattributed }: ReturnType<typeof spending>) =>
        [...rows, { key: null, ...unattributed }].map(({ sessions: _, ...row }) => row);
      expect(strip(spending(closed, [D1], by))).toEqual(strip(spending(open, [D1], by)));
    }
  });

  test("takes no reading any more, not even one that has more", () => {
    const closed = tidied(open, later, summedUp);
    const more = withReading(closed, reading(later + 1, { [D1]: { a: use(400), z: use(3) } }));
    expect(inputOf(more)).toBe(49);
    expect(unread(more, [D1], later)).toEqual([]);
  });

  test("stays open while something of it is to be read, or the clock is before its reading", () => {
    const partial = withReading(open, reading(settledMs + 1, { [D1]: { a: use(50) } }, false));
    expect(tidied(partial, later, summedUp).closed.size).toBe(0);
    const future = withReading(open, reading(later + DAY_MS, { [D1]: { a: use(50) } }));
    expect(tidied(future, later, summedUp).closed.size).toBe(0);
  });

  test("is forgotten after the days that are kept, and not before", () => {
    const closed = tidied(open, later, summedUp);
    const endMs = Date.parse(D1) + USAGE_KEEP_DAYS * DAY_MS;
    expect(tidied(closed, endMs - 1, summedUp).closed.size).toBe(1);
    expect(tidied(closed, endMs, summedUp).closed.size).toBe(0);
  });
});

describe("its file", () => {
  const history = tidied(
    withReading(
      withReading(NO_HISTORY, reading(noon(D2), { [D1]: { a: use(40, { places: null }), b: use(3) } })),
      reading(noon("2026-12-09"), { "2026-12-09": { c: use(9, { key: null, places: [SG, CN] }) } }, false),
    ),
    noon("2026-12-09"),
    summedUp,
  );

  test("reads back as it was written", () => {
    expect([history.open.size, history.closed.size]).toEqual([1, 1]);
    expect(parseHistory(historyText(history))).toEqual(history);
  });

  test("of another version is not ours to write over, and what is broken in it is left out", () => {
    expect(parseHistory('{"version":2}')).toBeNull();
    expect(parseHistory("no")).toBeNull();
    const text =
      '{"version":1,"open":[{"day":"x"},{"day":"2026-11-30","readMs":1,"uses":[{"id":"a"},{"id":"b","agent":"w","key":7,"models":[["m",[1,2,3,4,5,-1]],["n",[1,2,3,4,5,6]]],"places":[["s"],[null,"gateway",0]]}]}],"closed":[{"day":"2026-11-01","rows":[["a","m",null,[1],1]]}]}';
    expect(parseHistory(text)).toEqual({
      open: new Map([
        [
          "2026-11-30",
          {
            readMs: 1,
            settled: false,
            uses: new Map([
              [
                "b",
                {
                  agent: "w",
                  key: null,
                  models: new Map([
                    ["n", { input: 1, output: 2, cacheRead: 3, cacheWrite: 4, cost: 5, unpriced: 6 }],
                  ]),
                  places: [{ node: null, region: "gateway", calls: 0 }],
                },
              ],
            ]),
          },
        ],
      ]),
      closed: new Map([["2026-11-01", []]]),
    });
  });
});
