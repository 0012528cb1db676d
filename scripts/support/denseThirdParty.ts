// Takes the white space out of what packages brought into the bundle. Our own code keeps its line breaks.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "esbuild";

/** esbuild's line before each module; `$1` is its path. */
const MODULE = /^(\/\/ (?:node_modules|src)\/.*\n)/m;

/** Long lines are slow to read and to grep. */
const LINE = 400;

/** Names stay, so a stack trace says which function of a package it was. */
export function denseThirdParty(folder: string): void {
  for (const name of globSync("**/*.js", { cwd: folder })) {
    const file = join(folder, name);
    const parts = readFileSync(file, "utf8").split(MODULE);
    const dense = parts.map((part, at) =>
      parts[at - 1]?.startsWith("// node_modules/") === true ? withoutSpace(part) : part,
    );
    writeFileSync(file, dense.join(""));
  }
}

function withoutSpace(code: string): string {
  const options = { minifyWhitespace: true, legalComments: "none", lineLimit: LINE } as const;
  return transformSync(code, { loader: "js", target: "es2024", ...options }).code;
}
