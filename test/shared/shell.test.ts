// Shell text is checked by asking a real shell.
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { envPrefix, shellQuote, shellWord } from "../../src/shared/shell.ts";

/** What an operating system can carry in an argument: no NUL, no lone surrogate. */
const text = fc.string({ unit: "binary" }).filter((value) => !value.includes("\0"));
const nasty = fc.string({
  unit: fc.constantFrom("'", '"', "\\", "$", "`", "\n", " ", "!", "*", "~", "#", "a"),
});

function sh(script: string): string {
  return execFileSync("/bin/sh", ["-c", script], { encoding: "utf8", env: { PATH: process.env.PATH } });
}

describe("shellQuote", () => {
  test("a shell reads back exactly the text, as one word", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(text, nasty), { minLength: 1, maxLength: 20 }), (words) => {
        expect(sh(`printf '%s\\0' ${words.map(shellQuote).join(" ")}`)).toBe(`${words.join("\0")}\0`);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ["", "''"],
    ["it's", "'it'\\''s'"],
    ["$(id)", "'$(id)'"],
  ])("%j is %s", (word, quoted) => {
    expect(shellQuote(word)).toBe(quoted);
  });
});

test("shellWord leaves a plain word as it is, and quotes and shows what a shell or a screen would read otherwise", () => {
  expect(shellWord("mac-sg.local:22")).toBe("mac-sg.local:22");
  expect(shellWord("a; b")).toBe("'a; b'");
  expect(shellWord("a\u200bb")).toBe("'a\\u200bb'");
});

describe("envPrefix", () => {
  test("every variable reaches the command and its children with its exact value", () => {
    const name = fc.stringMatching(/^NR_[A-Za-z0-9_]{1,12}$/);
    fc.assert(
      fc.property(fc.dictionary(name, fc.oneof(text, nasty), { minKeys: 1, maxKeys: 5 }), (env) => {
        const prefix = envPrefix(env);
        if (!prefix.ok) throw new Error(prefix.message);
        const lines = Object.keys(env).map((key) => `printf '%s\\0' "$${key}"`);
        expect(sh(`${prefix.text}/bin/sh -c ${shellQuote(lines.join("\n"))}`)).toBe(
          Object.values(env)
            .map((value) => `${value}\0`)
            .join(""),
        );
      }),
      { numRuns: 60 },
    );
  });

  test.each([[undefined], [null], [{}]])("%j adds nothing", (env) => {
    expect(envPrefix(env)).toEqual({ ok: true, text: "" });
  });

  test("numbers and switches are written as text; the order is kept", () => {
    expect(envPrefix({ B: 1, A: true })).toEqual({ ok: true, text: "export B='1'\nexport A='true'\n" });
  });

  test.each([["text"], [["A=1"]], [5]])("%j is no set of variables", (env) => {
    expect(envPrefix(env)).toEqual({ ok: false, message: "env must be an object of names and values" });
  });

  test.each([
    ["1A", "1A"],
    ["", ""],
    ["A-B", "A…"],
    ["A;rm -rf /", "A…"],
    ["TOKEN=sk-secret", "TOKEN…"],
    ["ÄÖ", "…"],
  ])("the name %j is refused, and of what is no name only the beginning is shown", (name, shown) => {
    expect(envPrefix({ [name]: "x" })).toEqual({
      ok: false,
      message: `env name "${shown}" is not a shell name; use letters, digits and _ only`,
    });
  });

  test("a value that no environment can carry is refused without being shown", () => {
    expect(envPrefix({ KEY: "secret\0" })).toEqual({
      ok: false,
      message: "env.KEY holds a NUL character, which no environment can carry",
    });
    expect(envPrefix({ KEY: { secret: 1 } })).toEqual({ ok: false, message: "env.KEY must be text" });
    expect(envPrefix({ KEY: null })).toEqual({ ok: false, message: "env.KEY must be text" });
  });

  test("a name that every object inherits is a name like any other, and inherited ones are not read", () => {
    expect(envPrefix({ constructor: "x" })).toEqual({ ok: true, text: "export constructor='x'\n" });
    expect(envPrefix(JSON.parse('{"__proto__":"x"}'))).toEqual({ ok: true, text: "export __proto__='x'\n" });
  });
});
