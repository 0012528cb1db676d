// This plugin's own package as an archive, made of the files that the gateway runs it from.
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type TarEntry, tar } from "../workspace/mirror/tar.ts";

/** The package is 1.6 MB: more is another folder. */
const MAX_BYTES = 16 << 20;

/**
 * The archive as `npm pack` makes it: gzip, everything below `package/`.
 * @param folder the installed package; absolute.
 * @throws Error for a folder that is no package, or is too large.
 */
export async function packageArchive(folder: string): Promise<Buffer> {
  const found = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(
      (file) =>
        !relative(folder, file)
          .split(sep)
          .some((part) => part === "node_modules" || part.startsWith(".")),
    )
    .sort();
  if (!files.includes(join(folder, "package.json"))) throw new Error(`${folder} holds no package.json`);
  const entries: TarEntry[] = [];
  let bytes = 0;
  for (const file of files) {
    const data = await readFile(file);
    bytes += data.length;
    if (bytes > MAX_BYTES) throw new Error(`${folder} holds more than ${MAX_BYTES >> 20} MB`);
    entries.push({ name: `package/${relative(folder, file).split(sep).join("/")}`, isProgram: false, data });
  }
  return promisify(gzip)(tar(entries));
}
