// Tables that stand in text files beside the code, read when somebody first asks.
import { readFileSync } from "node:fs";

/**
 * Rows of a CSV file without quotes; lines that begin with `#` are comments.
 * @param file `new URL("./data/<name>.csv", import.meta.url)`: the build puts every such file into dist/data.
 * @throws Error of node:fs where the package is not whole.
 */
export function readTable(file: URL): readonly (readonly string[])[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => line.split(","));
}
