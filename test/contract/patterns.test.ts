// Everything that comes from a node, a file or a page is looked at by regular expressions, and all of it runs in the
// gateway's one thread: a pattern whose time grows faster than its text is a way to stop the gateway.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import manifest from "../../openclaw.plugin.json" with { type: "json" };
import { attacksOn } from "../support/pattern/attack.ts";
import { findPatterns } from "../support/pattern/find.ts";
import { parsePattern } from "../support/pattern/parse.ts";
import { compile, countSteps, search, TooManySteps } from "../support/pattern/run.ts";

const ROOT = resolve(import.meta.dirname, "../..");
/** Long enough for a pattern whose time grows faster than its text: that takes thousands of steps a character here. */
const LENGTH = 16 * 1024;
/** Steps that a character may take, whatever the text is. */
const STEPS = 60;

/** Patterns that are made of parts: `new RegExp` with a text. Each is tried with what its parts are. */
const COMPOSED: Readonly<Record<string, readonly string[]>> = {
  "src/hooks/resultLine.ts": ["node-router-job-started (\\S+) (\\d+)(?:\\\\n|\\n)?"],
  "src/hooks/imitation.ts": [
    // The other one is a class of letters alone.
    [..."noderouter"]
      .map((letter) => letter.replace("o", "[o0]").replace("e", "[e3]"))
      .join("[^a-z\"'`]{0,16}"),
  ],
};

/** Whose text nobody but the gateway's own user writes: whoever can does not need a slow pattern. */
const OWN: readonly string[] = [
  "src/nodeRouter/surfaces/guard/",
  "src/nodeRouter/transports/ssh/connect/settings/",
];

function stepsOf(source: string, flags: string): "linear" | string {
  const pattern = parsePattern(source, flags);
  const program = compile(pattern);
  const most = STEPS * LENGTH + program.length;
  for (const text of attacksOn(pattern, LENGTH)) {
    try {
      countSteps(program, flags, text, most);
    } catch (error) {
      if (!(error instanceof TooManySteps)) throw error;
      return `takes more than ${STEPS} steps a character on ${JSON.stringify(text.slice(0, 60))}… (${text.length} characters)`;
    }
  }
  return "linear";
}

/** Every `pattern` of a schema, once. */
function patternsIn(value: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (typeof value !== "object" || value === null) return found;
  for (const [key, inner] of Object.entries(value)) {
    if (key === "pattern" && typeof inner === "string") found.add(inner);
    else patternsIn(inner, found);
  }
  return found;
}

const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => ({ path: join("src", file), code: readFileSync(join(ROOT, "src", file), "utf8") }));

describe("every regular expression of the product", { timeout: 60_000 }, () => {
  const found = sources.flatMap(({ path, code }) =>
    OWN.some((folder) => path.startsWith(folder))
      ? []
      : findPatterns(code).map((pattern) => ({ ...pattern, path: relative("", path) })),
  );
  const byText = Map.groupBy(found, ({ source, flags }) => `/${source}/${flags}`);

  test("is found: there are many, and a few that must be among them", () => {
    expect(byText.size).toBeGreaterThan(60);
    expect([...byText.keys()]).toEqual(
      expect.arrayContaining(["/^\\d{1,10}$/", "/^\\d{1,16}\\+\\d{1,16} records (?:in|out)$/"]),
    );
  });

  test.each([...byText].map(([text, places]) => ({ text, place: places[0] })))("$text", ({ place }) => {
    if (place === undefined) throw new Error("no place");
    expect({ [`${place.path}:${place.line}`]: stepsOf(place.source, place.flags) }).toEqual({
      [`${place.path}:${place.line}`]: "linear",
    });
  });

  // OpenClaw and the Control UI try these on what people write.
  test.each([...patternsIn(manifest.configSchema)])("of the manifest: %s", (source) => {
    expect(stepsOf(source, "u")).toBe("linear");
  });

  test("an expression that is built of parts at run time is listed here with its results", () => {
    const made = sources.flatMap(({ path, code }) => (/\bRegExp\(/.test(code) ? [path] : []));
    expect(made.filter((path) => COMPOSED[path] === undefined)).toEqual([]);
  });

  test.each(Object.entries(COMPOSED).flatMap(([path, all]) => all.map((source) => ({ path, source }))))(
    "$path: $source",
    ({ source }) => expect(stepsOf(source, "g")).toBe("linear"),
  );
});

describe("the check itself", { timeout: 60_000 }, () => {
  test.each([
    ["node-router-ready (\\d+) (\\d+) *(\\d*) *([^\\r\\n]*)\\r?\\n", ""],
    ["word (os|arch) ([^\\r\\n]*)\\r?\\n", "g"],
    ["^(a+)+$", ""],
    ["^(?:\\d+|.*bytes.*copied.*)$\\n?", "gm"],
    ["\\s+$", ""],
    ["^(.*)\\s*:\\s*(.*)$", ""],
    ["REFUSED_\\w+'", ""],
    ["a.*b.*c", ""],
    ["^(?:a|aa)*$", ""],
  ])("finds that /%s/%s is not linear", (source, flags) => {
    expect(stepsOf(source, flags)).not.toBe("linear");
  });

  test.each([
    ["^(\\d{1,10}) (\\d{1,10})$", ""],
    ["^[A-Za-z][\\w.-]{0,40}$", ""],
    ["^([a-z_]+) (.*)$", ""],
    ["[\\p{Cc}\\p{Cs}]", "gu"],
    ["^(?:a|b)*$", ""],
    ["[a-z]", ""],
  ])("and that /%s/%s is", (source, flags) => {
    expect(stepsOf(source, flags)).toBe("linear");
  });

  test.each([
    ["^(\\d+)\\+(\\d+) in$", "12+3 in"],
    ["(a|ab)(c|bcd)(d*)", "xxabcd"],
    ["^\\s*(\\w+)\\s*=\\s*(.*?)\\s*$", "  key = some value  "],
    ["(?<!x)y(?=z)", "xyzyz"],
    ["\\bin\\b", "inn in"],
    ["a{2,3}b?", "caaaab"],
    ["^$", ""],
    ["q*", "pqq"],
  ])("matches as JavaScript does: /%s/ in %j", (source, text) => {
    const expected = new RegExp(source).exec(text);
    const program = compile(parsePattern(source, ""));
    const actual = search(program, text, 0, false, { steps: 0, most: 1_000_000 });
    expect(actual).toEqual(expected === null ? null : [expected.index, expected.index + expected[0].length]);
  });

  test("finds patterns and nothing else", () => {
    const code = [
      "const a = b / c / d; // no /x/",
      `const s = "/no/" + \`/\${x.replace(/yes1/g, "}")}/\`;`,
      "if (/yes2[/]/.test(a)) return /yes3\\//u;",
      "/* /no/ */ const f = [/yes4/];",
    ].join("\n");
    expect(findPatterns(code).map(({ source }) => source)).toEqual(["yes1", "yes2[/]", "yes3\\/", "yes4"]);
  });
});
