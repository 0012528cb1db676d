// What a selector asks for that no node has: counted once, and the same as by asking every node.
import fc from "fast-check";
import { expect, test } from "vitest";
import { createTagUse } from "../../../src/config/checks/tagUse.ts";
import { matches, type Requirement } from "../../../src/nodeRouter/placement/selector/selector.ts";

const key = fc.constantFrom("region", "gpu");
const value = fc.constantFrom("", "sg", "cn");
const tagsOfNodes = fc.array(
  fc.array(fc.tuple(key, value), { maxLength: 2 }).map((tags) => new Map(tags)),
  { maxLength: 4 },
);
const requirement: fc.Arbitrary<Requirement> = fc.oneof(
  fc.record({
    key,
    operator: fc.constantFrom("exists" as const, "notexists" as const),
    values: fc.constant([]),
  }),
  fc.record({
    key,
    operator: fc.constantFrom("=" as const, "!=" as const),
    values: fc.tuple(value),
  }),
  fc.record({
    key,
    operator: fc.constantFrom("in" as const, "notin" as const),
    values: fc.uniqueArray(value, { minLength: 1 }),
  }),
);

test("the first requirement that no node meets by itself is the unmet one", () => {
  fc.assert(
    fc.property(tagsOfNodes, fc.array(requirement, { minLength: 1, maxLength: 3 }), (nodes, requirements) => {
      const asked = requirements.find(
        (one) => !nodes.some((tags) => matches({ text: "", requirements: [one] }, tags)),
      );
      expect(createTagUse(nodes).unmet({ text: "", requirements })).toBe(asked);
    }),
    { numRuns: 1000 },
  );
});
