// Which calls must be in the plugin's record, and whose result the model must have been shown.
import { describe, expect, test } from "vitest";
import type { Asked } from "../../chaos/oracle.ts";
import { inOneLife, mustHave } from "../../chaos/records.ts";

const ENDING = { fromMs: 10_000, untilMs: 18_000 };
const must = mustHave(true, [ENDING]);
const call = (change: Partial<Asked>): Asked => ({
  id: "1.exec-a.00001.0.7",
  agent: "exec-a",
  kind: "quick",
  fromMs: 1_000,
  untilMs: 2_000,
  told: true,
  isAnswered: true,
  ...change,
});

describe("a gateway that is told to end", () => {
  test("may end a turn whose call was asked for meanwhile without its result, and no other turn", () => {
    const unseen = { told: false, untilMs: Number.POSITIVE_INFINITY };
    expect(must("result", call({ ...unseen, fromMs: 12_000 }), 0)).toBe(false);
    expect(must("result", call({ ...unseen, fromMs: 9_999 }), 0)).toBe(true);
    expect(must("result", call({ ...unseen, fromMs: 18_001 }), 0)).toBe(true);
  });

  test("need have no record of a call without marks that it was in the way of, up to its very end", () => {
    expect(must("record", call({ fromMs: 12_000, untilMs: 60_000 }), 0)).toBe(false);
    expect(must("record", call({ fromMs: 9_000, untilMs: 14_000 }), 0)).toBe(false);
    expect(must("record", call({ fromMs: 1_000, untilMs: 2_000 }), 0)).toBe(true);
    expect(must("record", call({ fromMs: 19_000, untilMs: 20_000 }), 0)).toBe(true);
  });

  test("must have recorded what left a mark, whenever it was asked for", () => {
    expect(must("record", call({ fromMs: 12_000, untilMs: 60_000 }), 1)).toBe(true);
  });

  test("knows how many it runs until it has ended, and its next life does not know of those", () => {
    const most = inOneLife(() => 2, [ENDING]);
    expect(most(11_000, 12_000)).toBe(2);
    expect(most(11_000, 18_000)).toBe(Number.POSITIVE_INFINITY);
    expect(most(18_001, 19_000)).toBe(2);
  });
});
