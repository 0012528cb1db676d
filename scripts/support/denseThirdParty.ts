// Writes what packages brought into the bundle as short as it can be. Our own code keeps its names and line breaks.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "esbuild";

/** esbuild's line before each module; `$1` is its path. */
const MODULE = /^(\/\/ (?:node_modules|src)\/.*\n)/m;

/** Long lines are slow to read and to grep. */
const LINE = 400;

/** What a module has at its top keeps its name: a stack trace says which package it was, and other modules find it. */
export function denseThirdParty(folder: string): void {
  for (const name of globSync("**/*.js", { cwd: folder })) {
    const file = join(folder, name);
    const parts = readFileSync(file, "utf8").split(MODULE);
    const dense = parts.map((part, at) =>
      parts[at - 1]?.startsWith("// node_modules/") === true ? short(part) : part,
    );
    writeFileSync(file, dense.join(""));
  }
}

function short(code: string): string {
  const options = { minify: true, legalComments: "none", lineLimit: LINE } as const;
  return transformSync(code, { loader: "js", target: "es2024", ...options }).code;
}
