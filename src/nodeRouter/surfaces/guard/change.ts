// One native setting of the host that the guard writes, and what is there now. Pure.
import { agentKey, agentSection } from "../../host/hostConfig.ts";

/** As the host's config holds it. */
export type SettingValue = string | number;

export interface GuardChange {
  /** In full, e.g. `agents.entries.worker-sg.tools.exec.host`. */
  readonly path: string;
  /** Null: the setting goes. */
  readonly value: SettingValue | null;
  /** What is in force now; null when nothing is. */
  readonly current: SettingValue | null;
}

/**
 * The change of one setting of an agent.
 * @param path below the agent's entry, e.g. `["tools", "exec", "host"]`.
 * @param inherited what holds where the agent has no value of its own.
 */
export function agentChange(
  hostConfig: unknown,
  agent: string,
  path: readonly string[],
  value: SettingValue | null,
  inherited: unknown,
): GuardChange {
  const own = agentSection(hostConfig, agent, ...path.slice(0, -1))[path.at(-1) ?? ""];
  // A value of another type is no setting: the host would refuse it.
  const isSetting = (found: unknown): found is SettingValue => typeof found === typeof (value ?? "");
  const current = isSetting(own) ? own : isSetting(inherited) ? inherited : null;
  return { path: ["agents", "entries", agentKey(hostConfig, agent), ...path].join("."), value, current };
}

/** Whether the setting is another one now. */
export function isNeeded({ value, current }: GuardChange): boolean {
  return value !== current;
}

/** `host "node"`, `no node`: the setting in a sentence. Long ids are cut. */
export function guardChangeText({ path, value }: GuardChange): string {
  const [, key = path] = /\.(?:tools\.exec|sandbox)\.([A-Za-z.]+)$/.exec(path) ?? [];
  if (value === null) return `no ${key}`;
  return typeof value === "string" ? `${key} "${value.slice(0, 12)}"` : `${key} ${value}`;
}
