import { defineConfig } from "tsup";
import { dataFiles } from "./scripts/support/dataFiles.ts";
import { denseThirdParty } from "./scripts/support/denseThirdParty.ts";
import { withoutIndentation } from "./scripts/support/indentation.ts";
import { leftOut } from "./scripts/support/leftOut.ts";
import { oneStartFile } from "./scripts/support/oneStartFile.ts";
import { builtPage, pageInputs } from "./scripts/support/pageAssets.ts";
import { shortLocals } from "./scripts/support/shortLocals.ts";
import { thirdParty } from "./scripts/support/thirdParty.ts";
import { withoutComments } from "./scripts/support/withoutComments.ts";

const start = oneStartFile("src/index.ts");

/** One ESM bundle with its dependencies inside: the installed plugin needs no packages and no install scripts. */
export default defineConfig({
  entry: ["src/index.ts"],
  format: ["esm"],
  target: "node24",
  platform: "node",
  outDir: "dist",
  clean: true,
  splitting: true,
  minify: false,
  esbuildOptions(options) {
    // Shorter words for the same, a fourteenth of the bundle: names and lines stay, and with them stack traces.
    options.minifySyntax = true;
  },
  sourcemap: false,
  dts: false,
  // Without its prefix "node:sqlite" is nothing.
  removeNodeProtocol: false,
  // The host provides itself; everything else goes in, but for the two native parts that ssh2 does without.
  external: [/^openclaw($|\/)/, /\.node$/, "cpu-features"],
  noExternal: [/^(?!openclaw($|\/)|node:|cpu-features$|.*\.node$)/],
  esbuildPlugins: [
    start.plugin,
    builtPage("dist"),
    leftOut(),
    dataFiles("dist"),
    thirdParty("dist", pageInputs),
    withoutComments(start.before),
  ],
  onSuccess: async () => {
    shortLocals("dist");
    withoutIndentation("dist");
    denseThirdParty("dist");
  },
  // pino and ssh2 are CommonJS: they require Node's modules at run time, and look at where they are.
  define: { __filename: "import.meta.filename", __dirname: "import.meta.dirname" },
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
});
