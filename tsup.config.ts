import { defineConfig } from "tsup";
import { thirdPartyLicenses } from "./scripts/support/thirdParty.ts";

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
  sourcemap: false,
  dts: false,
  // The host provides itself; everything else goes in, but for the two native parts that ssh2 does without.
  external: [/^openclaw($|\/)/, /\.node$/, "cpu-features"],
  noExternal: [/^(?!openclaw($|\/)|node:|cpu-features$)/],
  esbuildPlugins: [thirdPartyLicenses("dist/THIRD_PARTY_LICENSES.txt")],
  banner: {
    // pino is CommonJS and requires Node's modules at run time.
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
});
