// A config whose agents stand in the older `agents.list`, as OpenClaw reads it. Pure; the config is `unknown`.
import { normalizeAgentId } from "../../shared/hostNames.ts";
import { isRecord } from "../../shared/isRecord.ts";

/** What an agent without an id is called. */
const NAMELESS = "agent";

/**
 * With `agents.entries` in place of `agents.list`, which nobody reads where the entries are there. Ids that are there
 * twice are told by a number (OpenClaw 2026.9.6, dist/legacy-*.mjs, `migrateAgentEntries`).
 */
export function withAgentEntries(config: unknown): unknown {
  if (!hasAgentList(config)) return config;
  const { list, ...agents } = config.agents;
  if (isRecord(agents.entries)) return { ...config, agents };
  const entries = new Map<string, unknown>();
  for (const item of list) {
    if (!isRecord(item)) continue;
    const { id: written, ...settings } = item;
    const id = normalizeAgentId(typeof written === "string" && written.trim() !== "" ? written : NAMELESS);
    let free = id;
    for (let more = 2; entries.has(free); more++) free = `${id}-${more}`;
    entries.set(free, settings);
  }
  return { ...config, agents: { ...agents, entries: Object.fromEntries(entries) } };
}

type WithList = Readonly<Record<string, unknown>> & {
  readonly agents: Readonly<Record<string, unknown>> & { readonly list: readonly unknown[] };
};

export function hasAgentList(config: unknown): config is WithList {
  return (
    isRecord(config) &&
    isRecord(config.agents) &&
    Object.hasOwn(config.agents, "list") &&
    Array.isArray(config.agents.list)
  );
}
