// Which agent ids a pattern names.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  agentPattern,
  isGlob,
  losesItsStart,
  matchesAgent,
  matchesGlob,
} from "../../../../src/nodeRouter/placement/selector/agentGlob.ts";
import { normalizeAgentId } from "../../../../src/shared/hostNames.ts";

describe("matchesGlob", () => {
  test.each([
    ["worker-sg", "worker-sg"],
    ["cn-*", "cn-1"],
    ["cn-*", "cn-"],
    ["*", ""],
    ["*", "anything"],
    ["*-sg", "worker-sg"],
    ["w*r-*g", "worker-sg"],
    ["a**b", "ab"],
    ["worker-?", "worker-1"],
    ["worker-?", "worker-新"],
    ["worker-?", "worker-🦞"],
    ["*?", "🦞"],
    ["*ab", "aab"],
    ["*a?c*", "xxabcabd"],
  ])("%j names %j", (pattern, agent) => {
    expect(matchesGlob(pattern, agent)).toBe(true);
  });

  test.each([
    ["worker-sg", "worker-sg-2"],
    ["worker-sg", "Worker-SG"],
    ["cn-*", "worker-cn-1"],
    ["cn-*", "cn"],
    ["worker-?", "worker-"],
    ["worker-?", "worker-12"],
    ["?", ""],
    ["", "a"],
    ["*-sg", "worker-sg-2"],
  ])("%j does not name %j", (pattern, agent) => {
    expect(matchesGlob(pattern, agent)).toBe(false);
  });

  test.each([
    ["worker.sg", "workerxsg"],
    ["[a-z]*", "b"],
    ["(a|b)", "a"],
    ["a+", "aa"],
    ["^a$", "a"],
    ["\\d", "1"],
  ])("%j is not read as a regular expression that would name %j", (pattern, agent) => {
    expect(matchesGlob(pattern, agent)).toBe(false);
    expect(matchesGlob(pattern, pattern)).toBe(true);
  });

  test("a hostile pattern does not backtrack without end", () => {
    // With exponential backtracking this would not finish within the test's time limit.
    expect(matchesGlob(`${"*a".repeat(40)}b`, "a".repeat(5_000))).toBe(false);
  });

  test("agrees with the plain recursive reading of globs", () => {
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 7 });
    const agent = fc.string({ unit: fc.constantFrom("a", "b", "🦞"), maxLength: 7 });
    fc.assert(
      fc.property(pattern, agent, (glob, text) => {
        expect(matchesGlob(glob, text)).toBe(plainReading([...glob], [...text]));
      }),
      { numRuns: 1_000 },
    );
  });
});

test("a pattern without * and ? is an exact id, not a glob", () => {
  expect(isGlob("worker-sg")).toBe(false);
  expect(isGlob("worker-*")).toBe(true);
  expect(isGlob("worker-?")).toBe(true);
});

function plainReading([wanted, ...pattern]: readonly string[], text: readonly string[]): boolean {
  if (wanted === undefined) return text.length === 0;
  if (wanted === "*")
    return (
      plainReading(pattern, text) || (text.length > 0 && plainReading([wanted, ...pattern], text.slice(1)))
    );
  return text.length > 0 && (wanted === "?" || wanted === text[0]) && plainReading(pattern, text.slice(1));
}

describe("matchesAgent", () => {
  test.each([
    ["Worker-HK", "worker-hk"],
    ["worker-hk", "Worker-HK"],
    ["Worker-*", "worker-hk"],
    ["WORKER-?K", "worker-hk"],
    ["Team A", "team-a"],
    ["Team A*", "team-a-1"],
    ["*.site", "ops-site"],
    [" ops* ", "ops"],
    ["@team-*", "team-a"],
    ["_Private*", "_private-1"],
  ])("%j names %j", (pattern, agent) => {
    expect(matchesAgent(pattern, agent)).toBe(true);
  });

  test.each([
    ["Worker-HK", "worker-h"],
    ["Worker-*", "worker"],
    ["Team A*", "team-b"],
    // Nobody's id begins so: what is left of the text must not name everybody.
    ["!*", "worker-hk"],
    ["-*", "worker-hk"],
    ["@*", "main"],
  ])("%j does not name %j", (pattern, agent) => {
    expect(matchesAgent(pattern, agent)).toBe(false);
  });

  test("a name's beginning and end, with anything between, name what the host makes of the whole", () => {
    const part = fc.tuple(
      fc.constantFrom("a", "B", "9"),
      fc.string({ unit: fc.constantFrom("a", "B", "-", "_", " ", ".", "é"), maxLength: 6 }),
      fc.constantFrom("a", "B", "9"),
    );
    fc.assert(
      fc.property(fc.tuple(part, part, part), (parts) => {
        const [start = "", middle = "", end = ""] = parts.map((pieces) => pieces.join(""));
        expect(matchesAgent(`${start}*${end}`, normalizeAgentId(start + middle + end))).toBe(true);
      }),
    );
  });

  test("a pattern in the host's form stays as it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (written) => {
        const pattern = agentPattern(written);
        expect(agentPattern(pattern)).toBe(pattern);
      }),
    );
  });
});

test("a pattern loses its start where the host would drop it", () => {
  expect(["!a", "-a", "^a", " @a", "", "中文"].filter((one) => !losesItsStart(one))).toEqual([]);
  expect([" a", "A", "_a", "9", "*", "?x"].filter(losesItsStart)).toEqual([]);
});
