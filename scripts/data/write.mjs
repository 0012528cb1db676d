// Writes a generated table: a header that says where it comes from, and strings that no formatter makes long.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * @param {string} name of the file below src
 * @param {readonly string[]} header comment lines
 * @param {readonly (readonly [doc: string, name: string, text: string])[]} constants
 */
export function writeTable(name, header, constants) {
  const file = fileURLToPath(new URL(`../../src/${name}`, import.meta.url));
  const comment = header.map((line) => `// ${line}`).join("\n");
  const body = constants.map(
    ([doc, key, text]) => `/** ${doc} */\nexport const ${key} =\n  ${JSON.stringify(text)};`,
  );
  writeFileSync(file, `${comment}\n\n${body.join("\n\n")}\n`);
  console.log(`${name}: ${Buffer.byteLength(body.join())} bytes`);
}

/**
 * The installed version of a package, for the header.
 * @param {string} packageName
 * @returns {string}
 */
export function versionOf(packageName) {
  const file = new URL(`../../node_modules/${packageName}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")).version;
}

/**
 * At most so many decimals, and no `-0`.
 * @param {number} value @param {number} decimals
 */
export function rounded(value, decimals) {
  const factor = 10 ** decimals;
  return Math.round(value * factor) / factor + 0;
}
