// Formats the bundle with little white space: no indentation, long lines, no semicolons, no space around signs; a fifth of
// it. A statement stays a line, and every name is there.
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";

const BIOME = fileURLToPath(new URL("../../node_modules/@biomejs/biome/bin/biome", import.meta.url));

/**
 * Formats the JavaScript in a folder that git ignores.
 * @throws Error when the formatter cannot read a file, or when the code would not mean the same any more.
 */
export function withoutIndentation(folder: string): void {
  const style = [
    "--indent-style=tab",
    "--line-width=200",
    "--bracket-spacing=false",
    "--semicolons=as-needed",
    "--trailing-commas=none",
    "--expand=never",
    "--arrow-parentheses=as-needed",
  ];
  const options = ["--vcs-enabled=false", ...style, "--files-max-size=10000000"];
  execFileSync(process.execPath, [BIOME, "format", "--write", ...options, folder], { stdio: "pipe" });
  for (const name of globSync("**/*.js", { cwd: folder })) {
    const file = join(folder, name);
    const indented = readFileSync(file, "utf8");
    const code = withoutSpaces(indented.replaceAll(/^\t+/gm, ""));
    if (meaning(code) !== meaning(indented)) throw new Error(`${file}: taking white space away changes it`);
    writeFileSync(file, code);
  }
}

/** A text in quotes, or a template without anything put in. */
const TEXT = /("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\$]|\\.)*`)/;
const SPACES = / ?(=>|[=!]==?|<=|>=|&&|\|\||\?\?=?|[=,:?{}()[\]<>;|&]) ?/g;
/** Lines that are read by others, and those whose texts and patterns cannot be told from code by looks. */
const LEFT = /^(?:import|export|\} from)\b|[`/]/;

function withoutSpaces(code: string): string {
  let inTemplate = false;
  const dense = code.split("\n").map((line) => {
    const parts = line.split(TEXT);
    const rest = parts.filter((_, at) => at % 2 === 0).join("");
    const isText = inTemplate;
    if ((line.match(/(?<!\\)`/g)?.length ?? 0) % 2 === 1) inTemplate = !inTemplate;
    if (isText || LEFT.test(rest)) return line;
    return parts.map((part, at) => (at % 2 === 0 ? part.replaceAll(SPACES, "$1") : part)).join("");
  });
  return dense.join("\n");
}

/** The same for two codes that differ in white space alone. */
function meaning(code: string): string {
  return transformSync(code, { minifyWhitespace: true, legalComments: "none" }).code;
}
