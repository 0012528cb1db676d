// Patterns as OpenSSH reads them: nothing but * and ? is special, and a negation always wins.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  matchesHostList,
  matchesList,
  matchesPattern,
} from "../../../../../../src/nodeRouter/transports/ssh/connect/settings/hostPattern.ts";

describe("one pattern", () => {
  test.each<[string, string, boolean]>([
    ["mac-sg", "mac-sg", true],
    ["mac-sg", "mac-*", true],
    ["mac-sg", "*", true],
    ["", "*", true],
    ["", "", true],
    ["mac-sg", "mac-?g", true],
    ["mac-g", "mac-?g", false],
    ["mac-sg", "MAC-SG", false],
    ["mac-sg.x", "mac-sg", false],
    ["mac-sg", "ac-sg", false],
    ["a.b.c", "*.b.*", true],
    ["a.b.c", "a*b*d", false],
    ["aab", "*ab", true],
    ["mac.sg", "mac[.]sg", false],
    ["[h]:22", "[h]:22", true],
    ["axb", "a.b", false],
  ])("%j against %j is %s", (text, pattern, expected) => {
    expect(matchesPattern(text, pattern)).toBe(expected);
  });

  test("agrees with a regular expression, whatever the text and the pattern", () => {
    const letters = fc.stringMatching(/^[ab.*?]{0,12}$/);
    fc.assert(
      fc.property(fc.stringMatching(/^[ab.]{0,12}$/), letters, (text, pattern) => {
        const source = pattern.replace(/\./g, "\\.").replace(/\*/g, ".*").replace(/\?/g, ".");
        expect(matchesPattern(text, pattern)).toBe(new RegExp(`^${source}$`).test(text));
      }),
    );
  });

  test("a hostile pattern ends", () => {
    expect(matchesPattern("a".repeat(3_000), `${"*a".repeat(300)}b`)).toBe(false);
  });
});

describe("a list", () => {
  test.each<[string, readonly string[], boolean]>([
    ["mac-sg", ["mac-cn", "mac-sg"], true],
    ["mac-sg", ["mac-*", "!mac-sg"], false],
    ["mac-sg", ["!mac-sg", "mac-*"], false],
    ["mac-cn", ["mac-*", "!mac-sg"], true],
    ["mac-cn", ["!mac-sg"], false],
    ["mac-cn", [], false],
  ])("%j against %j is %s", (text, patterns, expected) => {
    expect(matchesList(text, patterns)).toBe(expected);
  });

  test("names of hosts have no case, users do", () => {
    expect(matchesHostList("MAC-sg", ["mac-SG"])).toBe(true);
    expect(matchesList("Claw", ["claw"])).toBe(false);
  });
});
