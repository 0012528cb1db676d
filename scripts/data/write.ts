// Writes generated data files, and says of which versions they were made.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * @param path below src
 * @param header comment lines: where it comes from, last the names of the columns
 * @param rows each with its cells joined by commas
 */
export function writeTable(path: string, header: readonly string[], rows: readonly string[]): void {
  writeData(path, [...header.map((line) => `# ${line}`), ...rows, ""].join("\n"));
}

/** @param path below src */
export function writeData(path: string, text: string): void {
  writeFileSync(fileURLToPath(new URL(`../../src/${path}`, import.meta.url)), text);
  console.log(`${path}: ${Buffer.byteLength(text)} bytes`);
}

/** The installed version of a package, for the header. */
export function versionOf(packageName: string): string {
  const file = new URL(`../../node_modules/${packageName}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")).version;
}

/** At most so many decimals, and no `-0`. */
export function rounded(value: number, decimals: number): number {
  const factor = 10 ** decimals;
  return Math.round(value * factor) / factor + 0;
}
