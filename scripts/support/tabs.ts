// Formats the bundle with little white space: tabs for two spaces a step are an eighth of it, long lines and no
// semicolons some 30 kB. It stays readable, a statement a line.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const BIOME = fileURLToPath(new URL("../../node_modules/@biomejs/biome/bin/biome", import.meta.url));

/**
 * Formats the JavaScript in a folder that git ignores.
 * @throws Error when the formatter cannot read a file.
 */
export function indentWithTabs(folder: string): void {
  const style = [
    "--indent-style=tab",
    "--line-width=200",
    "--bracket-spacing=false",
    "--semicolons=as-needed",
  ];
  const options = ["--vcs-enabled=false", ...style, "--files-max-size=10000000"];
  execFileSync(process.execPath, [BIOME, "format", "--write", ...options, folder], { stdio: "pipe" });
}
