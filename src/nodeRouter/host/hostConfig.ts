// Reads the few host settings that concern placement out of the gateway's config. Pure; the config is `unknown`.

import { normalizeAgentId } from "../../shared/hostNames.ts";
import { isRecord } from "../../shared/isRecord.ts";
import { trimmedText } from "../../shared/jsonParts.ts";
import type { Binding } from "../../shared/types.ts";

type Json = Readonly<Record<string, unknown>>;

/** Sandbox backend id of this plugin: agents bound to it take their whole workspace along. */
export const SANDBOX_BACKEND = "node-router";

/** The object at this path of a config that may hold anything; empty where there is none. Inherited keys are not read. */
export function section(value: unknown, ...path: readonly string[]): Json {
  let at: unknown = value;
  for (const key of path) at = isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  return isRecord(at) ? at : {};
}

/** The agent of a host whose config has no list of agents. */
const IMPLICIT_AGENT = "main";

/**
 * Ids of the configured agents as the host lists them: of `agents.entries`, else of the older `agents.list`; where
 * neither is there, its one implicit agent.
 */
export function agentIds(config: unknown): readonly string[] {
  const { entries, list } = section(config, "agents");
  if (entries !== undefined) {
    const keys = isRecord(entries) ? Object.keys(entries).filter((key) => isRecord(entries[key])) : [];
    return [...new Set(keys.map(normalizeAgentId))];
  }
  if (list === undefined) return [IMPLICIT_AGENT];
  const listed: readonly unknown[] = Array.isArray(list) ? list : [];
  const ids = listed.filter(isRecord).map(({ id }) => normalizeAgentId(typeof id === "string" ? id : ""));
  return [...new Set(ids)];
}

/** The same; null where the config lists nobody, so that nobody can be said not to be there. */
export function listedAgentIds(config: unknown): readonly string[] | null {
  const { entries, list } = section(config, "agents");
  const ids = entries === undefined && list === undefined ? [] : agentIds(config);
  return ids.length === 0 ? null : ids;
}

/** The key under `agents.entries` that means this agent; the id itself when there is none. */
export function agentKey(config: unknown, agent: string): string {
  return keyFor(section(config, "agents", "entries"), agent) ?? agent;
}

/** The key of `entries` that is this agent's: an exact one, else the first that the host gives its id; null: none. */
export function keyFor(entries: object, agent: string): string | null {
  if (Object.hasOwn(entries, agent)) return agent;
  const id = normalizeAgentId(agent);
  return Object.keys(entries).find((key) => normalizeAgentId(key) === id) ?? null;
}

/** The agent's own settings below `agents.entries`. */
export function agentSection(config: unknown, agent: string, ...path: readonly string[]): Json {
  return section(config, "agents", "entries", agentKey(config, agent), ...path);
}

/** The agent's own value of a setting, else the default for all agents, else undefined. */
export function agentSetting(config: unknown, agent: string, ...path: readonly string[]): unknown {
  const folder = path.slice(0, -1);
  const key = path.at(-1) ?? "";
  const own = agentSection(config, agent, ...folder)[key];
  return own ?? section(config, "agents", "defaults", ...folder)[key];
}

/** Where the setting in force stands: the agent's own key, unless only the default for all agents is set. */
export function settingPath(config: unknown, agent: string, ...path: readonly string[]): string {
  const [folder, key] = [path.slice(0, -1), path.at(-1) ?? ""];
  const inherits =
    (agentSection(config, agent, ...folder)[key] ?? null) === null &&
    (section(config, "agents", "defaults", ...folder)[key] ?? null) !== null;
  return ["agents", ...(inherits ? ["defaults"] : ["entries", agentKey(config, agent)]), ...path].join(".");
}

/** `tools.exec.<key>`: the agent's own, else the gateway-wide one. */
export function execSetting(config: unknown, agent: string, key: string): unknown {
  return agentSection(config, agent, "tools", "exec")[key] ?? section(config, "tools", "exec")[key];
}

/** Where an exec setting in force stands: the agent's own, else the one for every agent. */
export function execPath(config: unknown, agent: string, key: string): string {
  const own = agentSection(config, agent, "tools", "exec")[key] ?? null;
  return own === null ? `tools.exec.${key}` : `agents.entries.${agentKey(config, agent)}.tools.exec.${key}`;
}

/** What moves with the agent, by its sandbox settings. */
export function bindingOf(config: unknown, agent: string): Binding {
  return sandboxBackend(config, agent) === SANDBOX_BACKEND && sandboxMode(config, agent) !== "off"
    ? "workspace"
    : "exec";
}

/** Id of the agent's sandbox backend as the host reads it: without regard to case and spaces; null when unset. */
export function sandboxBackend(config: unknown, agent: string): string | null {
  const own = trimmedText(agentSection(config, agent, "sandbox").backend);
  const backend = own ?? trimmedText(section(config, "agents", "defaults", "sandbox").backend);
  return backend?.toLowerCase() ?? null;
}

/** `off`, `non-main` or `all`. */
export function sandboxMode(config: unknown, agent: string): string {
  const mode = agentSetting(config, agent, "sandbox", "mode");
  return typeof mode === "string" ? mode : "off";
}

/** Whether the operator set `pathPrepend`: only then is the host's warning about it true. */
export function hasPathPrepend(config: unknown, agent: string): boolean {
  const value = execSetting(config, agent, "pathPrepend");
  return Array.isArray(value) && value.length > 0;
}
