// Every report comes back from YAML as it was, read by a reader that is not ours.
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { yamlText } from "../../../../src/nodeRouter/surfaces/cli/yamlText.ts";

/** What a reader of YAML may take for something else than text. */
const TRAPS = [
  ...["", " ", "~", "null", "Null", "true", "no", "On", "y", "1", "0x1f", "1e3", "-", "- a", "a: b", "a #b"],
  ...[
    "2026-11-22",
    "08:30",
    ".inf",
    ".nan",
    "=",
    "<<",
    "*x",
    "&x",
    "!x",
    "%x",
    "@x",
    "`x",
    "'x",
    '"x',
    "{}",
    "[]",
  ],
  ...[
    "a\nb",
    "a\tb",
    "\u001b[2J",
    "\u202e",
    "\ud800",
    "\u0085",
    "\u2028",
    "mac-sg",
    "新加坡",
    "a:b",
    "?",
    "---",
    "...",
  ],
];
const text = fc.oneof(fc.constantFrom(...TRAPS), fc.string({ unit: "binary", maxLength: 12 }));

test("any JSON value comes back, as YAML 1.2 and as 1.1", () => {
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(
        text,
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
      ),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(text, tie("value"), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(value, (given) => {
      // Half a character has no place in YAML.
      const plain: unknown = JSON.parse(JSON.stringify(given).replace(/(\\\\)|\\ud[89a-f]../g, "$1\ufffd"));
      const written = yamlText(plain);
      for (const version of ["1.2", "1.1"] as const)
        expect(parse(written, { version, uniqueKeys: true })).toEqual(plain);
    }),
    { numRuns: 500 },
  );
});

test("a character of two halves that must be escaped is one escape, for readers that are stricter than JSON's", () => {
  expect(yamlText({ "a\u{e0067}": "\\ud83d\u{e0001}\ud800" })).toBe(
    '"a\\U000e0067": "\\\\ud83d\\U000e0001\ufffd"',
  );
});

test("nothing in it can repaint a terminal, and names are plain words", () => {
  const written = yamlText({
    nodes: [{ name: "mac-sg", tags: ["a\u001b[2J\u202e"], rttMs: null }],
    none: [],
  });
  expect(written).toBe(
    'nodes:\n  - name: mac-sg\n    tags:\n      - "a\\u001b[2J\\u202e"\n    rttMs: null\nnone: []',
  );
});
