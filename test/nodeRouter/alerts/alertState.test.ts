// When somebody is told, and when nobody is: a table of looks and the messages that they ask for.
import { describe, expect, test } from "vitest";
import {
  blindLook,
  type Holds,
  type Look,
  MAX_AN_HOUR,
  NO_ALERTS,
  nextAlerts,
  notSent,
  type Sighting,
  sent,
} from "../../../src/nodeRouter/alerts/alertState.ts";

const MIN = 60_000;
const HOLDS: Holds = {
  refused: { wrongMs: 5 * MIN, wellMs: 5 * MIN },
  offline: { wrongMs: 10 * MIN, wellMs: 10 * MIN },
  unlisted: { wrongMs: 10 * MIN, wellMs: 10 * MIN },
  residency: null,
  mismatch: { wrongMs: 0, wellMs: MIN },
};
const WRONG = { detail: "why" };

function lookOf(seen: Readonly<Record<string, Sighting>>): Look {
  return new Map(
    Object.entries(seen).map(([key, one]) => {
      const [kind, name = ""] = key.split(":");
      if (kind !== "refused" && kind !== "offline" && kind !== "residency" && kind !== "mismatch")
        throw new Error(key);
      return [key, { kind, name, seen: one }];
    }),
  );
}

/** Looks once a minute; what is to be sent is sent, unless `fails` says so. */
function run(looks: readonly (Readonly<Record<string, Sighting>> | null)[], fails = (_: number) => false) {
  let state = NO_ALERTS;
  const told: string[] = [];
  for (const [minute, seen] of looks.entries()) {
    const nowMs = minute * MIN;
    const next = nextAlerts(state, seen === null ? null : lookOf(seen), HOLDS, nowMs, 3 * MIN);
    state = next.state;
    if (next.digest === null) continue;
    if (fails(minute)) state = notSent(state, nowMs);
    else {
      const { begun, over } = next.digest;
      const names = [...begun.map(({ name }) => `+${name}`), ...over.map(({ name }) => `-${name}`)];
      told.push(`${minute}: ${names.join(" ")}`);
      state = sent(state, next.digest, nowMs);
    }
  }
  return { told, state };
}

const times = (count: number, seen: Readonly<Record<string, Sighting>> | null) =>
  Array.from({ length: count }, () => seen);
const down = { "offline:sg": WRONG };
const up = { "offline:sg": "well" } as const;
const blurred = { "offline:sg": "unknown" } as const;

describe("a node that is offline", () => {
  test("is told of once, when it was so for the whole time, however long it lasts", () => {
    expect(run(times(200, down)).told).toEqual(["10: +sg"]);
  });

  test("is not told of when it came back a moment before", () => {
    expect(run([...times(10, down), ...times(30, up)]).told).toEqual([]);
  });

  test("that flaps within the time is never told of", () => {
    expect(run(times(40, null).flatMap(() => [...times(9, down), up])).told).toEqual([]);
  });

  test("and was told of is told of as back when it stayed so for as long", () => {
    expect(run([...times(15, down), ...times(40, up)]).told).toEqual(["10: +sg", "25: -sg"]);
  });

  test("and was told of is not back because it was seen in between", () => {
    const flapping = times(40, null).flatMap(() => [down, ...times(5, up)]);
    expect(run([...times(15, down), ...flapping]).told).toEqual(["10: +sg"]);
  });

  test("is neither offline nor back while nobody knows", () => {
    expect(run(times(50, blurred)).told).toEqual([]);
    expect(run([...times(6, down), blurred, ...times(9, down)]).told).toEqual([]);
    expect(run([...times(15, down), ...times(60, blurred)]).told).toEqual(["10: +sg"]);
    expect(run([...times(15, down), ...times(60, null)]).told).toEqual(["10: +sg"]);
    expect(run([...times(15, down), ...times(6, up), blurred, ...times(9, up)]).told).toEqual(["10: +sg"]);
  });

  test("of which nobody asks any more is forgotten without a word", () => {
    const { told, state } = run([...times(15, down), ...times(30, {})]);
    expect(told).toEqual(["10: +sg"]);
    expect(state.alerts.size).toBe(0);
  });
});

test("what nobody wants to be told of is not told of, also when it was wanted before", () => {
  expect(run(times(60, { "residency:sg": WRONG })).told).toEqual([]);
  const before = run(times(15, down)).state;
  const off: Holds = { refused: null, offline: null, unlisted: null, residency: null, mismatch: null };
  const { state, digest } = nextAlerts(before, lookOf(up), off, 16 * MIN, 3 * MIN);
  expect([state.alerts.size, digest]).toEqual([0, null]);
});

test("while the nodes cannot be listed nothing that was told of is over, and nothing else begins", () => {
  const { state } = run(times(15, { ...down, "refused:w": "well" }));
  const look = blindLook(state, "no answer");
  expect(Object.fromEntries([...look].map(([key, { seen }]) => [key, seen]))).toEqual({
    "offline:sg": "unknown",
    "unlisted:": { detail: "no answer" },
  });
  const next = nextAlerts(state, look, HOLDS, 16 * MIN, 3 * MIN);
  expect(next.digest).toBeNull();
  expect(next.state.alerts.get("offline:sg")).toMatchObject({ isTold: true, wellSinceMs: null });
});

test("several at once are one message, and so are one that began and one that ended", () => {
  const both = { "offline:sg": WRONG, "offline:cn": WRONG, "refused:w": WRONG };
  expect(run(times(30, both)).told).toEqual(["5: +w", "10: +sg +cn"]);
  const turn = [
    ...times(11, { "offline:sg": WRONG, "offline:cn": "well" } as const),
    ...times(20, { "offline:sg": "well", "offline:cn": WRONG } as const),
  ];
  expect(run(turn).told).toEqual(["10: +sg", "21: +cn -sg"]);
});

test("a command on a wrong machine is told of at once", () => {
  expect(run(times(30, { "mismatch:w": WRONG })).told).toEqual(["0: +w"]);
});

test("a gap in the looks begins the time anew: nobody saw what was meanwhile", () => {
  const { state } = run(times(9, down));
  const after = nextAlerts(state, lookOf(down), HOLDS, 60 * MIN, 3 * MIN);
  expect(after.digest).toBeNull();
  expect(nextAlerts(after.state, lookOf(down), HOLDS, 69 * MIN, 10 * MIN).digest).toBeNull();
  expect(nextAlerts(after.state, lookOf(down), HOLDS, 70 * MIN, 10 * MIN).digest).not.toBeNull();
});

test("what was well before a gap in the looks need not have been so in it", () => {
  const { state } = run([...times(15, down), ...times(5, up)]);
  const after = nextAlerts(state, lookOf(up), HOLDS, 60 * MIN, 3 * MIN);
  expect(after.digest).toBeNull();
  expect(nextAlerts(after.state, lookOf(up), HOLDS, 69 * MIN, 10 * MIN).digest).toBeNull();
  expect(nextAlerts(after.state, lookOf(up), HOLDS, 70 * MIN, 10 * MIN).digest?.over).toHaveLength(1);
});

test("a clock that was set back tells nothing twice, and silences nobody for longer than an hour", () => {
  const { state } = run(times(15, down));
  const back = nextAlerts(state, lookOf(down), HOLDS, -600 * MIN, 3 * MIN);
  expect(back.digest).toBeNull();
  expect(back.state.sentAtMs).toEqual([]);
  expect(back.state.alerts.get("offline:sg")?.sinceMs).toBe(-600 * MIN);
  const late = notSent({ ...state, failures: 9 }, 900 * MIN);
  expect(nextAlerts(late, lookOf(down), HOLDS, 0, 3 * MIN).state.retryAtMs).toBeLessThanOrEqual(60 * MIN);
});

describe("a message that cannot be sent", () => {
  test("is tried again after 1, 2, 4 … minutes, and told once", () => {
    const tries: number[] = [];
    const { told } = run(times(100, down), (minute) => {
      tries.push(minute);
      return minute < 40;
    });
    expect(tries).toEqual([10, 11, 13, 17, 25, 41]);
    expect(told).toEqual(["41: +sg"]);
  });

  test("is not told at all when it is over before it could be", () => {
    expect(run([...times(15, down), ...times(60, up)], (minute) => minute < 16).told).toEqual([]);
  });

  test("of an end is told later, but not when it began again", () => {
    const looks = [...times(15, down), ...times(12, up), ...times(60, down)];
    expect(run(looks, (minute) => minute > 20 && minute < 28).told).toEqual(["10: +sg"]);
  });
});

test("there are at most six messages in an hour, and what had no room is in the next", () => {
  const looks = Array.from({ length: 100 }, (_, minute) =>
    Object.fromEntries(
      Array.from({ length: 20 }, (__, at) => [`mismatch:w${at}`, at <= minute ? WRONG : "well"] as const),
    ),
  );
  const { told } = run(looks);
  expect(told).toHaveLength(MAX_AN_HOUR + 1);
  expect(told.at(-1)).toMatch(/^60: \+w6 .*\+w19$/);
});
