// Has everything that is loaded at the start in one file: each further file costs every process a millisecond.
import { resolve } from "node:path";
import type { Plugin } from "esbuild";

/**
 * esbuild puts modules into one file that are needed by the same entries, and a part that loads later is an entry.
 * So each such part is made to need all of the start, which it always finds loaded.
 */
export interface OneStartFile {
  readonly plugin: Plugin;
  /** What is to stand in front of a module's own code. @param path absolute */
  before(path: string): string;
}

/** @param start the module that is loaded first */
export function oneStartFile(start: string): OneStartFile {
  const parts = new Set<string>();
  const first = resolve(start);
  return {
    before: (path) => (parts.has(path) ? `import ${JSON.stringify(first)};` : ""),
    plugin: {
      name: "one-start-file",
      setup({ onResolve }) {
        onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ kind, path, resolveDir }) => {
          if (kind === "dynamic-import") parts.add(resolve(resolveDir, path));
          return null;
        });
      },
    },
  };
}
