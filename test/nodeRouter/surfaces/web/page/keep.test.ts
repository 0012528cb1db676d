// What the reader chose outlives a reload, and an address that somebody else wrote does no harm.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Kept,
  keptFromText,
  keptToText,
  NOTHING_KEPT,
} from "../../../../../src/nodeRouter/surfaces/web/page/keep.ts";
import { WORST_FIRST } from "../../../../../src/nodeRouter/surfaces/web/page/rows.ts";

const number = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .map((value) => (Object.is(value, -0) ? 0 : value));
const kept: fc.Arbitrary<Kept> = fc.record({
  choice: fc.record({
    text: fc.string({ unit: "grapheme" }),
    selector: fc.string({ unit: "grapheme" }),
    states: fc.subarray([...WORST_FIRST]).map((states) => new Set(states)),
    sort: fc.constantFrom("name" as const, "rtt" as const, "since" as const),
    descending: fc.boolean(),
  }),
  view: fc.oneof(
    fc.constantFrom("nodes" as const, "world" as const),
    fc.record({
      middle: fc.record({ x: number, y: number }),
      scale: fc.double({ min: 1, max: 1e4, noNaN: true }),
    }),
  ),
  scroll: number,
  focus: fc.string({ unit: "grapheme" }),
  theme: fc.option(fc.constant({ mode: "dark" as const, tokens: { surface: "#101010" } }), { nil: null }),
});

describe("what is kept", () => {
  test("comes back as it was, and stands in an address as it is", () => {
    fc.assert(
      fc.property(kept, (some) => {
        const text = keptToText(some);
        expect(new URL(`http://127.0.0.1/#${text}`).hash).toBe(`#${text}`);
        expect(keptFromText(text)).toEqual(some);
      }),
    );
  });

  test.each([
    "",
    "%",
    "{",
    "null",
    "[]",
    "7",
    '{"view":{"scale":0,"middle":{"x":1,"y":1}},"scroll":"x"}',
    '{"choice":{"sort":"__proto__","states":["gone"]},"theme":{"mode":"pink"}}',
  ])("%j is no kept choice, so nothing is taken from it", (text) => {
    expect(keptFromText(text)).toEqual(NOTHING_KEPT);
  });

  test("whatever the text is, something usable comes of it", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const { choice, view } = keptFromText(text);
        expect(choice.states).toBeInstanceOf(Set);
        expect(typeof view === "object" ? view.scale > 0 : ["nodes", "world"].includes(view)).toBe(true);
      }),
    );
  });
});
