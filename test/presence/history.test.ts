// What is kept of a node's states.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { historyOf, MAX_TRANSITIONS, type NodeRecord, recordState } from "../../src/presence/history.ts";
import type { PresenceState } from "../../src/presence/record.ts";
import { parseRecords, serializeRecords } from "../../src/presence/store.ts";

const T0 = 1_000_000_000;
/** States with the seconds after which each is seen. */
function live(...steps: readonly (readonly [PresenceState, number])[]): NodeRecord {
  let record: NodeRecord | null = null;
  let nowMs = T0;
  for (const [state, seconds] of steps) {
    nowMs += seconds * 1_000;
    record = recordState(record, { node: "a", state, reason: `is ${state}` }, nowMs);
  }
  if (record === null) throw new Error("no step");
  return record;
}

describe("history", () => {
  test("a first state is a transition from nothing", () => {
    expect(live(["ready", 0]).transitions).toEqual([
      { node: "a", from: null, to: "ready", atMs: T0, reason: "is ready" },
    ]);
  });

  test("the same state again is no transition, and keeps the time since when it is so", () => {
    const record = live(["ready", 0], ["ready", 5], ["ready", 5]);
    expect(record.transitions).toHaveLength(1);
    expect(record.sinceMs).toBe(T0);
  });

  test("the online share counts time, not looks", () => {
    const record = live(["ready", 0], ["ready", 30], ["offline", 0], ["offline", 10]);
    expect(historyOf("a", record, T0).onlineRatio).toBe(0.75);
  });

  test("degraded is online; unknown and stale time count neither way", () => {
    const record = live(["degraded", 0], ["unknown", 10], ["stale", 50], ["offline", 50], ["offline", 10]);
    expect(historyOf("a", record, T0).onlineRatio).toBe(0.5);
  });

  test("without any known time there is no share, rather than none of it", () => {
    expect(historyOf("a", live(["unknown", 0], ["unknown", 10]), T0).onlineRatio).toBeNull();
  });

  test("time in which nobody looked, and a clock that was set back, count for nothing", () => {
    const record = live(["ready", 0], ["ready", 3_600], ["ready", -7_200], ["ready", 10]);
    expect(record).toMatchObject({ onlineMs: 10_000, watchedMs: 10_000 });
  });

  test("a fall counts as a flap for a day; being found offline does not", () => {
    const found = live(["offline", 0]);
    const fell = live(["ready", 0], ["offline", 10], ["ready", 10], ["offline", 10]);
    expect(historyOf("a", found, T0).flaps).toBe(0);
    expect(historyOf("a", fell, T0 + 60_000).flaps).toBe(2);
    expect(historyOf("a", fell, T0 + 2 * 86_400_000).flaps).toBe(0);
  });

  const steps = fc.array(
    fc.tuple(
      fc.constantFrom<PresenceState>("ready", "degraded", "stale", "offline", "unknown"),
      fc.integer({ min: -100, max: 100 }),
    ),
    { minLength: 1, maxLength: 200 },
  );

  test("however it goes: bounded, no transition into the same state, and a share between 0 and 1", () => {
    fc.assert(
      fc.property(steps, (given) => {
        const record = live(...given);
        const { onlineRatio, transitions } = historyOf("a", record, T0);
        expect(transitions.length).toBeLessThanOrEqual(MAX_TRANSITIONS);
        expect(transitions.every(({ from, to }) => from !== to)).toBe(true);
        expect(onlineRatio === null || (onlineRatio >= 0 && onlineRatio <= 1)).toBe(true);
        expect(transitions[0]?.to).toBe(record.state);
      }),
    );
  });

  test("what was stored comes back the same", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), steps), (nodes) => {
        const records = new Map(
          Object.entries(nodes).map(([name, given]) => [name, renamed(live(...given), name)]),
        );
        expect(parseRecords(serializeRecords(records))).toEqual(records);
      }),
    );
  });

  test("what somebody else wrote into the file is left out, entry by entry", () => {
    const good = live(["ready", 0]);
    const entry = { node: "a", ...good };
    const text = (nodes: unknown) => JSON.stringify({ version: 1, nodes });
    expect(
      parseRecords(text([entry, 5, { ...entry, node: 7 }, { ...entry, node: "b", state: "fine" }])).size,
    ).toBe(1);
    expect(parseRecords(text([{ ...entry, sinceMs: "now" }])).size).toBe(0);
    expect(parseRecords(text([{ ...entry, transitions: [{}, ...good.transitions] }])).get("a")).toEqual(good);
    expect(parseRecords('{"version":2,"nodes":[]}').size).toBe(0);
    expect(parseRecords(null).size).toBe(0);
  });
});

function renamed(record: NodeRecord, node: string): NodeRecord {
  return { ...record, transitions: record.transitions.map((item) => ({ ...item, node })) };
}
