// The plugin's config as a person would write it: without what OpenClaw adds to the one that it runs with. Pure.
import { isRecord } from "../shared/isRecord.ts";
import { fieldOf } from "../shared/jsonParts.ts";
import { sameData } from "../shared/sameData.ts";
import { ConfigSchema } from "./schema/schema.ts";

/**
 * The same data without values that are the schema's own defaults, for OpenClaw (2026.9.6) has them in the config in
 * force, and not in the file. What stands in the file and says the same as its absence goes, too.
 * @param config of the plugin, in force or as it is written
 */
export function withoutDefaults(config: unknown, schema: unknown = ConfigSchema): unknown {
  if (Array.isArray(config)) return config.map((item) => withoutDefaults(item, fieldOf(schema, "items")));
  if (!isRecord(config)) return config;
  const known = fieldOf(schema, "properties");
  return Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) => {
      const own = isRecord(known) && Object.hasOwn(known, key) ? known[key] : null;
      const shorter = withoutDefaults(value, own ?? fieldOf(schema, "additionalProperties"));
      const usual = fieldOf(own, "default");
      return usual !== undefined && sameData(shorter, usual) ? [] : [[key, shorter]];
    }),
  );
}
