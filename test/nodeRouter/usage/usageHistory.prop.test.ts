// Whatever is read, in which order, how often, and by which clock: no token counts twice and none that was read is lost.
import fc from "fast-check";
import { expect, test } from "vitest";
import { historyText, parseHistory } from "../../../src/nodeRouter/usage/historyText.ts";
import { spending, summedUp } from "../../../src/nodeRouter/usage/spending.ts";
import { NO_HISTORY, type Reading, tidied, withReading } from "../../../src/nodeRouter/usage/usageHistory.ts";
import { noon, reading, use } from "./arrange.ts";

const DAYS = ["2026-11-24", "2026-11-25", "2026-11-26"];
const IDS = ["a", "b", "c"];

interface Step {
  /** Tokens that each transcript gets before it is read, by day and id. */
  readonly grown: readonly (readonly number[])[];
  /** Ids whose key OpenClaw has forgotten. */
  readonly lost: readonly string[];
  /** Ids of which nothing is there any more, for this reading. */
  readonly gone: readonly string[];
  readonly complete: boolean;
  /** The clock jumps, days. */
  readonly clock: number;
  readonly isReread: boolean;
  readonly isRestarted: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  grown: fc.array(fc.array(fc.nat({ max: 50 }), { minLength: 3, maxLength: 3 }), {
    minLength: 3,
    maxLength: 3,
  }),
  lost: fc.subarray(IDS),
  gone: fc.subarray(IDS),
  complete: fc.boolean(),
  clock: fc.integer({ min: -3, max: 3 }),
  isReread: fc.boolean(),
  isRestarted: fc.boolean(),
});

test("the sum is what each transcript had when it was last seen", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
      let history = NO_HISTORY;
      const real = DAYS.map(() => IDS.map(() => 0));
      const seen = DAYS.map(() => IDS.map(() => 0));
      let before: Reading | null = null;
      for (const { grown, lost, gone, complete, clock, isReread, isRestarted } of steps) {
        const atMs = noon("2026-11-27") + clock * 86_400_000;
        const days = DAYS.map((day, d) => {
          const uses = IDS.flatMap((id, i) => {
            const had = real[d] ?? [];
            had[i] = (had[i] ?? 0) + (grown[d]?.[i] ?? 0);
            if (gone.includes(id)) return [];
            const row = seen[d] ?? [];
            row[i] = had[i] ?? 0;
            const key = lost.includes(id) ? null : `agent:worker-sg:${id}`;
            return [[id, use(had[i] ?? 0, { key })] as const];
          });
          return [day, Object.fromEntries(uses)] as const;
        });
        const now = reading(atMs, Object.fromEntries(days), complete);
        history = withReading(history, now);
        if (isReread) history = withReading(history, now);
        // An answer that OpenClaw had kept comes once more.
        if (before !== null) history = withReading(history, before);
        before = now;
        history = tidied(history, atMs, summedUp);
        if (isRestarted) history = parseHistory(historyText(history)) ?? NO_HISTORY;
      }
      const sum = seen.flat().reduce((one, other) => one + other, 0);
      for (const by of ["agent", "node", "region", "model"] as const)
        expect(spending(history, DAYS, by).totals.input).toBe(sum);
    }),
  );
});
