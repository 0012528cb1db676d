// Builds the files of the page "Nodes" (one small script without modules, the style sheet, the HTML), and puts them
// into the bundle as one module.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import type { PageAssets } from "../../src/nodeRouter/surfaces/web/assets.ts";

const PAGE = new URL("../../src/nodeRouter/surfaces/web/page/", import.meta.url);

const file = (name: string): string => fileURLToPath(new URL(name, PAGE));

/** @throws what esbuild throws. */
export async function buildPage(): Promise<PageAssets> {
  const [html, css, js] = await Promise.all([
    readFile(file("page.html"), "utf8"),
    bundle("page.css"),
    bundle("main.ts"),
  ]);
  return { html, css, js };
}

/** esbuild plugin that puts the page in place of src/nodeRouter/surfaces/web/builtPage.ts. */
export function builtPage(): Plugin {
  return {
    name: "built-page",
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]surfaces[\\/]web[\\/]builtPage\.ts$/ }, async () => ({
        contents: `export const page = ${JSON.stringify(await buildPage())};`,
        loader: "js",
      }));
    },
  };
}

async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [file(entry)],
    bundle: true,
    write: false,
    minify: true,
    // A classic script: modules are fetched with CORS, which a sandboxed frame without an origin is refused.
    format: "iife",
    platform: "browser",
    target: ["chrome120", "firefox120", "safari17"],
    charset: "utf8",
    legalComments: "none",
    logLevel: "silent",
    loader: { ".svg": "text" },
    // Its own tsconfig is for the checker only.
    tsconfigRaw: { compilerOptions: { target: "es2024" } },
  });
  return outputFiles.map(({ text }) => text).join("");
}
