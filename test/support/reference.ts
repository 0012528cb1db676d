// The reference deployment's gateway configuration, as the user wrote it, made runnable on a throw-away machine.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ConfigContext, quiet, scriptedProvider } from "./config.ts";
import { ROOT } from "./environment.ts";

/** The user's file has no `gateway.mode`, without which the gateway refuses to start unless told otherwise. */
export const REFERENCE_ARGS: readonly string[] = ["--allow-unconfigured"];

function replaceOnce(text: string, from: string, to: string): string {
  if (text.split(from).length !== 2)
    throw new Error(`the reference configuration must contain "${from}" exactly once`);
  return text.replace(from, () => to);
}

/**
 * The fixture's text with its port and token replaced, and keys appended that it does not have: its model names
 * go to the scripted model, and nothing is looked up outside this machine. Every other character stays.
 */
export function referenceConfig({ port, token, modelUrl, home }: ConfigContext): string {
  let text = readFileSync(join(ROOT, "test", "fixtures", "reference-openclaw.json5"), "utf8");
  text = replaceOnce(text, "port: 18789", `port: ${port}`);
  text = replaceOnce(text, "YOUR_GATEWAY_TOKEN", token);
  const added = {
    ...quiet(home),
    models: {
      catalogRefresh: { enabled: false },
      providers: scriptedProvider("anthropic", modelUrl, ["claude-sonnet-4-5", "claude-opus-4-6"]),
    },
  };
  const lines = Object.entries(added).map(([key, value]) => `  ${key}: ${JSON.stringify(value)},\n`);
  return text.replace(/\}\s*$/, () => `${lines.join("")}}\n`);
}
