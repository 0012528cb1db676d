// Puts the tables of the source (src/**/data/*.csv) into the folder "data" beside the bundle, where its modules read them.
import { copyFileSync, globSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "esbuild";

const SOURCE = fileURLToPath(new URL("../../src/", import.meta.url));

/** esbuild plugin that copies them into `<folder>/data` after each build, and fails when two have one name. */
export function dataFiles(folder: string): Plugin {
  return {
    name: "data-files",
    setup({ onEnd }) {
      onEnd(() => {
        const files = globSync("**/data/*.csv", { cwd: SOURCE });
        const names = files.map((file) => basename(file));
        if (new Set(names).size < names.length)
          return { errors: [{ text: `two tables have one name: ${names.sort().join(", ")}` }] };
        mkdirSync(join(folder, "data"), { recursive: true });
        for (const file of files) copyFileSync(join(SOURCE, file), join(folder, "data", basename(file)));
        return null;
      });
    },
  };
}
