// Which earlier rules take all calls of a rule: found by what they name, and the same as by comparing all with all.
import fc from "fast-check";
import { expect, test } from "vitest";
import { createTakenBefore } from "../../../src/config/checks/takenBefore.ts";
import type { RuleEntry } from "../../../src/config/checks/written.ts";
import { agentPattern, isGlob, matchesGlob } from "../../../src/nodeRouter/placement/selector/agentGlob.ts";

const agent = fc.constantFrom("a", "A", "ab", "abc", "b", "a*", "A*", "ab*", "*", "a?", "?", "*b");
const tools = fc.option(fc.subarray(["exec", "nodes", "browser", "bash"], { minLength: 1 }), {
  nil: undefined,
});
const rules = fc.array(fc.tuple(fc.array(agent, { minLength: 1, maxLength: 3 }), tools), { maxLength: 7 });

const toolsOf = (rule: RuleEntry) => rule.tools?.map((tool) => (tool === "bash" ? "exec" : tool));

function takes(earlier: RuleEntry, rule: RuleEntry, written: string): boolean {
  const [mine, theirs] = [toolsOf(rule), toolsOf(earlier)];
  if (theirs !== undefined && !(mine?.every((tool) => theirs.includes(tool)) ?? false)) return false;
  const name = agentPattern(written);
  return earlier.agents
    .map(agentPattern)
    .some(
      (pattern) =>
        pattern === name || (!(isGlob(name) && pattern.includes("?")) && matchesGlob(pattern, name)),
    );
}

test("of each agent the first earlier rule that takes it is named; an agent that is left leaves the rule", () => {
  fc.assert(
    fc.property(rules, (given) => {
      const entries = given.map(
        ([agents, limited], index): RuleEntry => ({
          name: `r${index}`,
          agents,
          ...(limited === undefined ? {} : { tools: limited }),
        }),
      );
      const takenBefore = createTakenBefore();
      for (const [index, rule] of entries.entries()) {
        const takers = rule.agents.map((name) =>
          entries.slice(0, index).find((earlier) => takes(earlier, rule, name)),
        );
        const names = takers.map((taker) => taker?.name);
        expect(takenBefore(rule)).toEqual(names.includes(undefined) ? null : [...new Set(names)]);
      }
    }),
    { numRuns: 1000 },
  );
});
