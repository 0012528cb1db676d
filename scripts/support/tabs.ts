// Indents the bundle with tabs: two spaces a step are an eighth of it, most of them in packages.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const BIOME = fileURLToPath(new URL("../../node_modules/@biomejs/biome/bin/biome", import.meta.url));

/**
 * Formats the JavaScript in a folder that git ignores.
 * @throws Error when the formatter cannot read a file.
 */
export function indentWithTabs(folder: string): void {
  const options = ["--vcs-enabled=false", "--indent-style=tab", "--files-max-size=10000000"];
  execFileSync(process.execPath, [BIOME, "format", "--write", ...options, folder], { stdio: "pipe" });
}
