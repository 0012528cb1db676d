// Whatever is seen, whenever, and whether or not messages go out: what nobody may ever get.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type AlertState,
  type Holds,
  type Look,
  MAX_AN_HOUR,
  NO_ALERTS,
  nextAlerts,
  notSent,
  type Sighting,
  sent,
  subjectKey,
} from "../../../src/nodeRouter/alerts/alertState.ts";
import { readAlerts, writeAlerts } from "../../../src/nodeRouter/alerts/alertsFile.ts";

const HOUR = 3_600_000;
const GAP_MS = 180_000;

const sighting: fc.Arbitrary<Sighting> = fc.constantFrom<Sighting>(
  { detail: "a" },
  { detail: "b" },
  "well",
  "unknown",
);
const NAMES = [
  { kind: "refused", name: "w" },
  { kind: "offline", name: "sg" },
  { kind: "offline", name: "cn" },
  { kind: "unlisted", name: "" },
  { kind: "mismatch", name: "w" },
] as const;

interface Step {
  readonly waitMs: number;
  readonly look: Look | null;
  /** Whether a message gets there. */
  readonly isSent: boolean;
  /** The gateway is started anew before. */
  readonly isRestarted: boolean;
}

const look = fc
  .tuple(...NAMES.map(() => sighting))
  .map(
    (all): Look => new Map(NAMES.map((one, at) => [subjectKey(one), { ...one, seen: all[at] ?? "unknown" }])),
  );

const step: fc.Arbitrary<Step> = fc.record({
  waitMs: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1_000, max: 120_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 * HOUR }) },
  ),
  look: fc.oneof({ weight: 12, arbitrary: look }, { weight: 1, arbitrary: fc.constant(null) }),
  isSent: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  isRestarted: fc.oneof(
    { weight: 12, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
});
/** The same is seen several times in a row, or nothing would ever hold. */
const steps = fc
  .array(fc.tuple(step, fc.integer({ min: 1, max: 12 })), { minLength: 1, maxLength: 40 })
  .map((all) => all.flatMap(([one, count]) => Array.from({ length: count }, () => one)));

const hold = fc.record({
  wrongMs: fc.integer({ min: 0, max: 600_000 }),
  wellMs: fc.integer({ min: 0, max: 600_000 }),
});
const holds: fc.Arbitrary<Holds> = fc.record({
  refused: fc.option(hold),
  offline: fc.option(hold),
  unlisted: fc.option(hold),
  residency: fc.option(hold),
  mismatch: fc.option(hold),
});

interface Told {
  readonly atMs: number;
  readonly begun: readonly string[];
  readonly over: readonly string[];
}

function play(all: readonly Step[], by: Holds, onLook: (nowMs: number, at: Look | null) => void = () => {}) {
  let state: AlertState = NO_ALERTS;
  let nowMs = 1_700_000_000_000;
  const told: Told[] = [];
  for (const { waitMs, look: seen, isSent, isRestarted } of all) {
    nowMs += waitMs;
    if (isRestarted) state = readAlerts(writeAlerts(state));
    onLook(nowMs, seen);
    const next = nextAlerts(state, seen, by, nowMs, GAP_MS);
    state = next.state;
    if (next.digest === null) continue;
    const { begun, over } = next.digest;
    expect(begun.length + over.length).toBeGreaterThan(0);
    if (!isSent) {
      state = notSent(state, nowMs);
      continue;
    }
    told.push({ atMs: nowMs, begun: begun.map(subjectKey), over: over.map(subjectKey) });
    state = sent(state, next.digest, nowMs);
  }
  return told;
}

test("of one alert nobody is told twice without a word that it is over in between, over restarts too", () => {
  fc.assert(
    fc.property(steps, holds, (all, by) => {
      const open = new Set<string>();
      for (const { begun, over } of play(all, by)) {
        for (const key of over) expect(open.delete(key)).toBe(true);
        for (const key of begun) {
          expect(open.has(key)).toBe(false);
          open.add(key);
        }
      }
    }),
    { numRuns: 1_000 },
  );
});

test("in no hour are there more messages than six, whatever flaps and whatever fails", () => {
  let most = 0;
  fc.assert(
    fc.property(steps, holds, (all, by) => {
      const times = play(all, by).map(({ atMs }) => atMs);
      for (const from of times) {
        const count = times.filter((at) => at >= from && at < from + HOUR).length;
        most = Math.max(most, count);
        expect(count).toBeLessThanOrEqual(MAX_AN_HOUR);
      }
    }),
    { numRuns: 1_000 },
  );
  // The bound was met, or this would prove nothing.
  expect(most).toBe(MAX_AN_HOUR);
});

test("nobody is told of anything while all is off", () => {
  const off: Holds = { refused: null, offline: null, unlisted: null, residency: null, mismatch: null };
  fc.assert(
    fc.property(steps, (all) => {
      expect(play(all, off)).toEqual([]);
    }),
  );
});

test("what is told was wrong in every look of the whole time before, and what is over was well in every one", () => {
  let told = 0;
  fc.assert(
    fc.property(steps, holds, (all, by) => {
      const looks: { readonly atMs: number; readonly look: Look | null }[] = [];
      const messages = play(all, by, (atMs, at) => looks.push({ atMs, look: at }));
      const held = (
        key: string,
        untilMs: number,
        ms: number,
        isRight: (seen: Sighting | undefined) => boolean,
      ) => {
        const during = looks.filter(({ atMs }) => atMs <= untilMs && atMs >= untilMs - ms);
        expect(during.every((one) => isRight(one.look?.get(key)?.seen))).toBe(true);
      };
      for (const { atMs, begun, over } of messages) {
        for (const key of begun) {
          told++;
          held(key, atMs, holdOf(by, key).wrongMs, (seen) => typeof seen === "object");
        }
        for (const key of over) held(key, atMs, holdOf(by, key).wellMs, (seen) => seen === "well");
      }
    }),
    { numRuns: 1_000 },
  );
  expect(told).toBeGreaterThan(100);
});

function holdOf(by: Holds, key: string): { readonly wrongMs: number; readonly wellMs: number } {
  const kind = NAMES.find((one) => subjectKey(one) === key)?.kind ?? "residency";
  return by[kind] ?? { wrongMs: 0, wellMs: 0 };
}
