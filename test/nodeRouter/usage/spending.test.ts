// Usage by agent, node, region and model: each view has all tokens, and says what it cannot place.
import { describe, expect, test } from "vitest";
import { spending } from "../../../src/nodeRouter/usage/spending.ts";
import { NO_HISTORY, withReading } from "../../../src/nodeRouter/usage/usageHistory.ts";
import { AT_GATEWAY, CN, noon, reading, SG, spent, use } from "./arrange.ts";

const D1 = "2026-11-29";
const D2 = "2026-11-30";
const history = withReading(
  NO_HISTORY,
  reading(noon(D2), {
    [D1]: { m: use(30, { agent: "master", key: "agent:master:main", places: [AT_GATEWAY] }) },
    [D2]: {
      a: use(100),
      b: use(10, { key: "agent:worker-sg:sub", places: [{ ...SG, calls: 2 }, CN] }),
      c: use(0, {
        agent: "worker-cn",
        key: null,
        places: null,
        models: new Map([
          ["p/n", spent(5, 1)],
          ["", spent(2)],
        ]),
      }),
    },
  }),
);
const rows = (by: Parameters<typeof spending>[2], days = [D1, D2]) =>
  spending(history, days, by).rows.map(({ key, input, output, sessions }) => [key, input, output, sessions]);

test.each([
  [
    "agent",
    [
      ["worker-sg", 110, 0, 2],
      ["master", 30, 0, 1],
      ["worker-cn", 7, 1, 1],
    ],
    0,
  ],
  [
    "node",
    [
      ["mac-sg", 107, 0, 2],
      ["gateway", 30, 0, 1],
      ["mac-cn", 3, 0, 1],
    ],
    7,
  ],
  [
    "region",
    [
      ["sg", 107, 0, 2],
      ["gateway", 30, 0, 1],
      ["cn", 3, 0, 1],
    ],
    7,
  ],
  [
    "model",
    [
      ["p/m", 140, 0, 3],
      ["p/n", 5, 1, 1],
    ],
    2,
  ],
] as const)("by %s", (by, expected, unattributed) => {
  expect(rows(by)).toEqual(expected);
  expect(spending(history, [D1, D2], by).unattributed.input).toBe(unattributed);
  expect(spending(history, [D1, D2], by).totals).toMatchObject({ input: 147, output: 1, sessions: 4 });
});

test("only of the days that are asked for", () => {
  expect(rows("agent", [D1])).toEqual([["master", 30, 0, 1]]);
  expect(rows("agent", ["2026-11-28"])).toEqual([]);
});

describe("a session", () => {
  test("that is there on two days is one", () => {
    const both = withReading(history, reading(noon(D2), { [D1]: { a: use(1) } }));
    expect(spending(both, [D1, D2], "agent").rows[0]).toMatchObject({ key: "worker-sg", sessions: 2 });
  });
});

test("a node or a region that is named as what stands for none is a row of its own", () => {
  const named = { node: "gateway", region: "gateway", calls: 1 };
  const both = withReading(
    NO_HISTORY,
    reading(noon(D2), {
      [D2]: { a: use(5, { places: [AT_GATEWAY] }), b: use(3, { key: "agent:worker-sg:b", places: [named] }) },
    }),
  );
  for (const by of ["node", "region"] as const)
    expect(spending(both, [D2], by).rows.map(({ key, input }) => [key, input])).toEqual([
      ["gateway", 5],
      [`gateway (${by})`, 3],
    ]);
});
