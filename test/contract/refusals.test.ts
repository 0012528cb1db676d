// A refusal is a value until somebody reads it: its text is made in one place, and no text is parsed for its code.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { ERROR_CODES, entryOf, isErrorCode } from "../../src/shared/errorCatalogue.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const WHY =
  "refusals are values (`refusal` of src/shared/refusal.ts) until `refusalText` or `coded` makes a text of one: a code " +
  "that is written into a text has to be cut out of it again, and its house style is then kept in many places";

const CODE = `(?:${ERROR_CODES.join("|")})`;
const PATTERNS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["writes a code into a text", new RegExp(`["'\`](?:\\[[a-z-]+\\] )?${CODE}: `)],
  ["looks for a code in a text", new RegExp(`\\^${CODE}\\b`)],
  ["looks for a code in a text", /(?:startsWith|indexOf|includes|replace)\(`\$\{[^}]*[cC]ode\}: ?`/],
  ["puts a code before a text", /`\$\{[^}`]*\b[cC]ode\}: /],
];

function violations(code: string): readonly string[] {
  return code.split("\n").flatMap((line, at) => {
    // A comment may show a text.
    if (/^\s*(?:\/\/|\/?\*)/.test(line)) return [];
    return PATTERNS.filter(([, pattern]) => pattern.test(line)).map(
      ([what]) => `${at + 1} ${what}: ${line.trim()}`,
    );
  });
}

const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => join("src", file))
  .filter((file) => file !== join("src", "shared", "refusal.ts"));

describe("no source", () => {
  test.each(sources)("%s holds a text with a code, or looks for one", (file) => {
    expect(violations(readFileSync(join(ROOT, file), "utf8")), WHY).toEqual([]);
  });

  test.each([
    'return "NO_NODE_FITS: no node";',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text.
    "return `NODE_BUSY: node ${name}`;",
    'log.error("[node-router] NODE_MISMATCH: elsewhere");',
    'if (text.startsWith("TOOL_UNKNOWN: ")) return;',
    'message.replace(/^NODE_UNREACHABLE: /, "")',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text.
    "message.startsWith(`${code}: `)",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text.
    "return `${rewrite.code}: ${rewrite.message}.`;",
  ])("%s would be found", (line) => expect(violations(line)).not.toEqual([]));

  test.each([
    'throw new NodeRouterError(refusal("NODE_BUSY", fact));',
    'if (why.code === "NO_NODE_FITS") return [];',
    '/** `NODE_BUSY: node "a"` */',
    'fix: "look for NODE_MISMATCH in the log"',
    'const SELECTOR = "REGION: sg";',
  ])("%s would not", (line) => expect(violations(line)).toEqual([]));
});

describe("a command of the operator's in a refusal", () => {
  /** Read by operators, or by the person whose turn is refused. */
  const NOT_AGENTS =
    /^src\/(?:config|presence|nodeRouter\/(?:surfaces\/(?!tools)|setup|liveness|tunnels|hostedSessions|delegation\/outbox\/createOutbox))/;
  const COMMAND = /advice[^\n]*"openclaw [a-z]/;

  /** Where an agent would read it: the code has no words for agents, nor has the place. */
  function told(code: string): readonly string[] {
    const lines = code.split("\n");
    return lines.flatMap((line, at) => {
      if (/^\s*(?:\/\/|\/?\*)/.test(line) || !COMMAND.test(line)) return [];
      const near = lines.slice(Math.max(0, at - 4), at + 8).join("\n");
      const codes = [...near.matchAll(/refusal\(\s*"([A-Z_]+)"/g)]
        .map(([, name]) => name)
        .filter(isErrorCode);
      const isForAgents =
        near.includes("agentAdvice") ||
        (codes.length > 0 && codes.every((name) => entryOf(name).agentAdvice !== undefined));
      return isForAgents ? [] : [`${at + 1} ${line.trim()}`];
    });
  }

  test.each(sources.filter((file) => !NOT_AGENTS.test(file)))("%s has other words for the agent", (file) => {
    expect(told(readFileSync(join(ROOT, file), "utf8"))).toEqual([]);
  });

  test("would be found, and with words for the agent beside it would not", () => {
    const line = (more: string) =>
      `refusal("RUN_NOT_ALLOWED", fact, { advice: 'Run "openclaw node-router doctor"'${more} })`;
    expect(told(line(""))).toHaveLength(1);
    expect(told(line(", agentAdvice: TELL_USER"))).toEqual([]);
    expect(told(line("").replace("RUN_NOT_ALLOWED", "CONFIG_INVALID"))).toEqual([]);
  });
});

describe("the catalogue", () => {
  test("is in the order of the alphabet", () => {
    expect(ERROR_CODES).toEqual([...ERROR_CODES].sort());
  });

  test.each(ERROR_CODES.filter(isErrorCode))("%s has words without a code and without their end", (code) => {
    const { nothingRan, advice } = entryOf(code);
    for (const words of [nothingRan, advice]) {
      expect(words ?? "none").toMatch(/^\S.*[^.;:,\s]$/);
      expect(words ?? "none").not.toMatch(new RegExp(CODE));
    }
    expect(nothingRan ?? "nothing").toMatch(/^[a-z]/);
  });

  test("one code alone says that nobody knows what ran, as docs/errors.md has it", () => {
    const unknown = ERROR_CODES.filter(isErrorCode).filter((code) => entryOf(code).outcome === "unknown");
    expect(unknown).toEqual(["OUTCOME_UNKNOWN"]);
    const [, told = ""] =
      /not started\*\* \(([^)]*)\)/.exec(readFileSync(join(ROOT, "docs/errors.md"), "utf8")) ?? [];
    const named = [...told.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code).filter(isErrorCode);
    expect(named.length).toBeGreaterThan(3);
    for (const code of named) expect(entryOf(code).outcome).toBe("nothingRan");
  });
});
