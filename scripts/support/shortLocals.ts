// Gives parameters and local values of our code in the bundle short names: a fifth of it. Functions, classes and what
// stands at a module's top keep theirs, and with them stack traces.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { minifySync } from "rolldown/utils";

/** esbuild's line before each module. */
const MODULE = /^(\/\/ (?:node_modules|src)\/.*\n)/m;

const OPTIONS = {
  module: true,
  compress: false,
  mangle: { toplevel: false, keepNames: { function: true, class: true } },
  codegen: { removeWhitespace: false },
} as const;

/**
 * Shortens the JavaScript in a folder in place.
 * @throws Error when it cannot be read, or when another minifier finds that more than names of locals changed.
 */
export function shortLocals(folder: string): void {
  for (const name of globSync("**/*.js", { cwd: folder })) {
    const file = join(folder, name);
    const long = readFileSync(file, "utf8");
    const parts = long.split(MODULE);
    const short = parts
      .map((part, at) => (parts[at - 1]?.startsWith("// src/") === true ? shorten(part, file) : part))
      .join("");
    if (!sameButForLocals(long, short)) throw new Error(`${file}: shorter names of locals change it`);
    writeFileSync(file, short);
  }
}

function shorten(code: string, file: string): string {
  const { code: short, errors } = minifySync(file, code, OPTIONS);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${file}: ${error.message}`);
  return short;
}

/** Whether two codes differ at most in white space and in names of locals, as another minifier understands them. */
export function sameButForLocals(one: string, other: string): boolean {
  return meaning(one) === meaning(other);
}

/** Every letter of a short name, the most frequent ones first. */
const LETTERS = [..."etnriasocldufphmgybvwk_xjqz$EATRSINOCLDFUPHMGYBVWKXJQZ0123456789"];

function meaning(code: string): string {
  // esbuild gives out names by how often each letter is in a text, the names that it replaces included. By so much more
  // text it is one order for both.
  const step = 500 + code.length / 100;
  const weight = LETTERS.map((letter, at) => letter.repeat((LETTERS.length - at) * step)).join("");
  return transformSync(`${code};("${weight}")`, { minify: true, legalComments: "none" }).code;
}
