// Takes the comments out of the bundle: the source has them, and the licenses are in a file of their own.
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { type Loader, type Plugin, transform } from "esbuild";

const LOADERS: Readonly<Record<string, Loader>> = { ".ts": "ts", ".js": "js", ".cjs": "js", ".mjs": "js" };

/**
 * esbuild plugin. esbuild drops comments only together with white space: so each module is read without both, and
 * the bundle is printed with line breaks and names as always. The last of the plugins that load modules.
 * @param before code that comes in front of the module at an absolute path
 */
export function withoutComments(before: (path: string) => string): Plugin {
  return {
    name: "without-comments",
    setup({ onLoad }) {
      onLoad({ filter: /\.(?:ts|[cm]?js)$/ }, async ({ path }) => {
        const { code, warnings } = await transform(before(path) + (await readFile(path, "utf8")), {
          loader: LOADERS[extname(path)] ?? "js",
          sourcefile: path,
          minifyWhitespace: true,
          legalComments: "none",
          tsconfigRaw: { compilerOptions: { target: "es2024", verbatimModuleSyntax: true } },
        });
        return { contents: code, loader: "js", warnings };
      });
    },
  };
}
