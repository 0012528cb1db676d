// `noderouter.export`: the plugin's config as it stands in the file, without its secrets.
import { CONFIG_PATH } from "../../../config/problems/path.ts";
import { fieldOf } from "../../../shared/jsonParts.ts";
import { safeJson } from "../../../shared/safeText.ts";
import { section } from "../../host/hostConfig.ts";
import { withoutSecrets } from "../../setup/edit/withoutSecrets.ts";
import { type LookAtConfigFile, readConfigOnDisk } from "./configOnDisk.ts";

export interface ExportReport {
  readonly config: unknown;
  /** Paths of the secrets that were left out, below the plugin's config. */
  readonly left: readonly string[];
}

/**
 * OpenClaw's `config.get` hides the id of a reference to a secret too, so the file is looked at as a change would.
 * @throws Error what the host says of a file that it cannot read
 */
export async function exportConfig(lookAtFile: LookAtConfigFile): Promise<ExportReport> {
  const found = await readConfigOnDisk(lookAtFile, (draft, context) =>
    writtenIn(fieldOf(fieldOf(context, "snapshot"), "parsed"), draft),
  );
  const left: string[] = [];
  return { config: withoutSecrets(found, (path) => left.push(path)), left };
}

/** As it is typed; where another file is included, as OpenClaw has put the two together. */
function writtenIn(parsed: unknown, draft: unknown): Readonly<Record<string, unknown>> {
  const typed = section(parsed, ...CONFIG_PATH.split("."));
  const isWhole = Object.keys(typed).length > 0 && !safeJson(typed).includes('"$include"');
  return structuredClone(isWhole ? typed : section(draft, ...CONFIG_PATH.split(".")));
}
