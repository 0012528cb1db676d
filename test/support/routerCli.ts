// `openclaw node-router …` of the package in the folder that is the first argument: the same commands, and the same client
// of the gateway. OpenClaw itself checks its whole state before a plugin's command, which costs ten times as much.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";

type Registrar = Parameters<OpenClawPluginApi["registerCli"]>[0];

const ofOpenClaw = createRequire(import.meta.resolve("openclaw/plugin-sdk/plugin-entry"));
const { Command } = ofOpenClaw("commander");
const JSON5 = ofOpenClaw("json5");

const [folder = "", ...words] = process.argv.slice(2);
const { default: plugin } = await import(pathToFileURL(join(folder, "dist", "index.js")).href);

const registrars: Registrar[] = [];
plugin.register({
  registrationMode: "cli-metadata",
  registerCli: (registrar: Registrar) => registrars.push(registrar),
});

const program = new Command("openclaw");
const config = JSON5.parse(readFileSync(process.env.OPENCLAW_CONFIG_PATH ?? "", "utf8"));
for (const registrar of registrars) await registrar({ program, config } as Parameters<Registrar>[0]);
await program.parseAsync(["node-router", ...words], { from: "user" });
