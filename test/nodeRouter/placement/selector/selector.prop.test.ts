// What holds for every selector.
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseSelector } from "../../../../src/nodeRouter/placement/selector/parser.ts";
import { matches, printSelector } from "../../../../src/nodeRouter/placement/selector/selector.ts";
import type { NodeTags } from "../../../../src/shared/types.ts";
import { nodesArbitrary, requirementArbitrary, selectorArbitrary } from "../arbitraries.ts";
import { selectorOf } from "../arrange.ts";

test("what was printed parses back to the same requirements", () => {
  fc.assert(
    fc.property(fc.array(requirementArbitrary, { minLength: 1, maxLength: 4 }), (requirements) => {
      expect(selectorOf(printSelector({ text: "", requirements })).requirements).toEqual(requirements);
    }),
  );
});

test("printing is a fixpoint, however untidy the text was", () => {
  const space = fc.constantFrom("", " ", "  ", "\t", "\n");
  const untidy = fc
    .tuple(selectorArbitrary, fc.array(space, { minLength: 8, maxLength: 8 }))
    .map(([selector, spaces]) => {
      let next = 0;
      return printSelector(selector).replace(
        /[=!(),]+/g,
        (symbol) => `${spaces[next++ % 8]}${symbol}${spaces[next++ % 8]}`,
      );
    });
  fc.assert(
    fc.property(untidy, (text) => {
      const printed = printSelector(selectorOf(text));
      expect(printSelector(selectorOf(printed))).toBe(printed);
    }),
  );
});

test("any text is read or refused with a column inside it, never thrown on", () => {
  const near = fc.string({ unit: fc.constantFrom(..."ab=!(),<> in") });
  fc.assert(
    fc.property(fc.oneof(fc.string(), near), (text) => {
      const parsed = parseSelector(text);
      if (parsed.ok) return;
      expect(parsed.message).toMatch(/^selector /);
      expect(parsed.column).toBeGreaterThanOrEqual(1);
      expect(parsed.column).toBeLessThanOrEqual(text.length + 1);
    }),
  );
});

test("a selector matches exactly the nodes that a plain reading of the grammar finds", () => {
  fc.assert(
    fc.property(nodesArbitrary, selectorArbitrary, (nodes, selector) => {
      const found = nodes.filter(({ tags }) => matches(selector, tags));
      expect(found).toEqual(nodes.filter(({ tags }) => plainReading(printSelector(selector), tags)));
    }),
  );
});

/** A second implementation, from the canonical text and Kubernetes' documentation alone. */
function plainReading(text: string, tags: NodeTags): boolean {
  return text.split(/,(?![^(]*\))/).every((requirement) => {
    const set = /^(\S+) (in|notin) \((.*)\)$/.exec(requirement);
    if (set !== null)
      return (set[2] === "in") === (set[3] ?? "").split(",").some((one) => one === tags.get(set[1] ?? ""));
    if (requirement.startsWith("!")) return !tags.has(requirement.slice(1));
    const equality = /^([^!=]+)(!?=)(.*)$/.exec(requirement);
    if (equality === null) return tags.has(requirement);
    return (equality[2] === "=") === (tags.get(equality[1] ?? "") === equality[3]);
  });
}
