// Builds the files of the page "Nodes" (one small script without modules, the style sheet, the HTML), and puts them
// beside the bundle as one packed file.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Plugin } from "esbuild";
import type { PageAssets } from "../../src/nodeRouter/surfaces/web/assets.ts";

const PAGE = new URL("../../src/nodeRouter/surfaces/web/page/", import.meta.url);

const file = (name: string): string => fileURLToPath(new URL(name, PAGE));

/** @throws what esbuild throws. */
export async function buildPage(): Promise<PageAssets> {
  const [html, css, js] = await Promise.all([
    readFile(file("page.html"), "utf8"),
    bundle("page.css"),
    bundle("main.tsx"),
  ]);
  return { html, css, js };
}

/**
 * esbuild plugin that writes the page to `<folder>/data/page-<hash>.json.gz`, a third of its size, and has the module
 * in place of src/nodeRouter/surfaces/web/builtPage.ts read it. By the hash no code reads the page of another build.
 */
export function builtPage(folder: string): Plugin {
  return {
    name: "built-page",
    setup({ onLoad, onEnd }) {
      let page = { name: "", bytes: Buffer.of() };
      onLoad({ filter: /[\\/]surfaces[\\/]web[\\/]builtPage\.ts$/ }, async () => {
        const text = JSON.stringify(await buildPage());
        const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
        page = { name: `page-${hash}.json.gz`, bytes: gzipSync(text, { level: 9 }) };
        return { contents: readingModule(page.name), loader: "js" };
      });
      onEnd(() => {
        mkdirSync(join(folder, "data"), { recursive: true });
        writeFileSync(join(folder, "data", page.name), page.bytes);
      });
    },
  };
}

function readingModule(name: string): string {
  return `import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
export const page = JSON.parse(gunzipSync(readFileSync(new URL("./data/${name}", import.meta.url))).toString("utf8"));`;
}

/** Files that the page's script is made of, packages among them. */
export async function pageInputs(): Promise<readonly string[]> {
  return Object.keys((await built("main.tsx")).metafile.inputs);
}

async function bundle(entry: string): Promise<string> {
  return (await built(entry)).outputFiles.map(({ text }) => text).join("");
}

function built(entry: string) {
  return build({
    metafile: true,
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
    tsconfigRaw: { compilerOptions: { target: "es2024", jsx: "react-jsx", jsxImportSource: "preact" } },
  });
}
