// `export`: the plugin's config as it is written, without its secrets, for a repository or another gateway.
import { CONFIG_PATH } from "../../../config/problems/path.ts";
import { safe } from "../../../shared/safeText.ts";
import type { ExportReport } from "../methods/exportMethod.ts";
import { EXIT_OK } from "./output.ts";
import type { CommandUse, Verb } from "./verb.ts";

export const exportVerb: Verb = {
  description: "Print the config of node-router without its secrets",
  examples: ["export"],
  run: runExport,
};

/** The config alone on stdout; which secrets were left out on stderr. */
async function runExport({ ask, out }: CommandUse): Promise<number> {
  const { config, left } = await ask<ExportReport>("noderouter.export", {});
  out.data(config);
  for (const path of left) out.fail(safe(`left out, a secret: ${CONFIG_PATH}.${path}`));
  return EXIT_OK;
}
