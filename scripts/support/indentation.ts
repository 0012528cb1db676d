// Formats the bundle with little white space: no indentation, long lines, no semicolons; a sixth of it. A statement
// stays a line.
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";

const BIOME = fileURLToPath(new URL("../../node_modules/@biomejs/biome/bin/biome", import.meta.url));

/**
 * Formats the JavaScript in a folder that git ignores.
 * @throws Error when the formatter cannot read a file, or when a line that begins with a tab is part of a text.
 */
export function withoutIndentation(folder: string): void {
  const style = [
    "--indent-style=tab",
    "--line-width=200",
    "--bracket-spacing=false",
    "--semicolons=as-needed",
    "--trailing-commas=none",
    "--arrow-parentheses=as-needed",
  ];
  const options = ["--vcs-enabled=false", ...style, "--files-max-size=10000000"];
  execFileSync(process.execPath, [BIOME, "format", "--write", ...options, folder], { stdio: "pipe" });
  for (const name of globSync("**/*.js", { cwd: folder })) {
    const file = join(folder, name);
    const indented = readFileSync(file, "utf8");
    const code = indented.replaceAll(/^\t+/gm, "");
    if (meaning(code) !== meaning(indented))
      throw new Error(`${file}: a text has a line that begins with a tab`);
    writeFileSync(file, code);
  }
}

/** The same for two codes that differ in white space alone. */
function meaning(code: string): string {
  return transformSync(code, { minifyWhitespace: true, legalComments: "none" }).code;
}
