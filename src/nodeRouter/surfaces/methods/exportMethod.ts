// `noderouter.export`: the plugin's config as it stands in the file, without its secrets.
import { CONFIG_PATH } from "../../../config/problems/path.ts";
import { isRecord } from "../../../shared/isRecord.ts";
import { fieldOf } from "../../../shared/jsonParts.ts";
import { quote } from "../../../shared/safeText.ts";
import { section } from "../../host/hostConfig.ts";
import { editRefused } from "../../setup/edit/editRefusal.ts";
import { withoutSecrets } from "../../setup/edit/withoutSecrets.ts";
import { type LookAtConfigFile, readConfigOnDisk } from "./configOnDisk.ts";

export interface ExportReport {
  readonly config: unknown;
  /** Paths of the secrets that were left out, below the plugin's config. */
  readonly left: readonly string[];
}

/**
 * OpenClaw's `config.get` hides the id of a reference to a secret too, so the file is looked at as a change would.
 * @throws Error what the host says of a file that it cannot read; NodeRouterError SETUP_FAILED: a part of the config is
 *   in another file
 */
export async function exportConfig(lookAtFile: LookAtConfigFile): Promise<ExportReport> {
  const { parsed, draft } = await readConfigOnDisk(lookAtFile, (shown, context) => ({
    parsed: structuredClone(fieldOf(fieldOf(context, "snapshot"), "parsed")),
    draft: structuredClone(shown),
  }));
  if (!isRecord(parsed)) throw new Error("OpenClaw did not show the config file as it is typed");
  const typed = section(parsed, ...CONFIG_PATH.split("."));
  const at = includeIn(parsed);
  // SECURITY: never the draft, in which variables are what they stand for.
  if (at !== null && !isWhole(typed, section(draft, ...CONFIG_PATH.split("."))))
    throw editRefused(
      `a part of the config comes from an "$include" at ${at === "" ? "the top of openclaw.json" : quote(at)}, and OpenClaw shows that only with secrets put in for variables`,
      "Keep openclaw.json together with the files that it includes",
    );
  const left: string[] = [];
  return { config: withoutSecrets(typed, (path) => left.push(path)), left };
}

/** Path of the first object with `$include` from the root of the file to the plugin's config, or in that; null: none. */
function includeIn(parsed: unknown): string | null {
  const waiting: (readonly [value: unknown, path: string])[] = [[parsed, ""]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [value, path] = next;
    if (typeof value !== "object" || value === null) continue;
    if (Object.hasOwn(value, "$include")) return path;
    for (const [key, inner] of Object.entries(value)) {
      const below = path === "" ? key : `${path}.${key}`;
      if (`${CONFIG_PATH}.`.startsWith(`${below}.`) || below.startsWith(`${CONFIG_PATH}.`))
        waiting.push([inner, below]);
    }
  }
  return null;
}

/** Whether what OpenClaw has made of the file holds nothing that is not typed there: only variables may differ. */
function isWhole(typed: unknown, made: unknown): boolean {
  if (typeof typed === "string" && typed.includes("${")) return typeof made === "string";
  if (typeof typed !== "object" || typed === null) return typed === made;
  if (typeof made !== "object" || made === null || Array.isArray(typed) !== Array.isArray(made)) return false;
  const entries = Object.entries(typed);
  return (
    entries.length === Object.keys(made).length &&
    entries.every(([key, value]) => Object.hasOwn(made, key) && isWhole(value, fieldOf(made, key)))
  );
}
