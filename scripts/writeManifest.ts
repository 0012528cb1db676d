// Rewrites `configSchema` and `uiHints` of openclaw.plugin.json from the TypeBox schema; leaves the rest as it is.
// Run after every change of src/config/schema/schema.ts: node scripts/writeManifest.ts
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { manifestConfig } from "../src/config/pluginManifest.ts";

const file = fileURLToPath(new URL("../openclaw.plugin.json", import.meta.url));
const biome = fileURLToPath(new URL("../node_modules/@biomejs/biome/bin/biome", import.meta.url));

const manifest = JSON.parse(readFileSync(file, "utf8"));
writeFileSync(file, JSON.stringify({ ...manifest, ...manifestConfig() }, null, 2));
// The formatter checks this file too and has its own opinion on short lists.
execFileSync(process.execPath, [biome, "format", "--write", file], { stdio: "ignore" });
