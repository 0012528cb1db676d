// What takes the guard back: its settings, where they are as it writes them, are unset. Pure.
import { agentIds, agentKey, agentSection, SANDBOX_BACKEND } from "../../host/hostConfig.ts";
import type { GuardChange, SettingValue } from "./change.ts";
import type { GuardPlan } from "./guardPlan.ts";

/** As the guard writes them for an agent whose workspace is on a node. */
const SANDBOX: readonly (readonly [path: readonly string[], value: SettingValue])[] = [
  [["mode"], "all"],
  [["backend"], SANDBOX_BACKEND],
  [["workspaceAccess"], "rw"],
  [["scope"], "agent"],
  [["prune", "idleHours"], 0],
  [["prune", "maxAgeDays"], 0],
];

/**
 * One plan for every agent that has settings of the guard. Nobody remembers what stood there before: they are unset,
 * so that OpenClaw's own defaults hold. A setting of another value is the operator's and stays.
 * @param agents ids; null: all of them.
 */
export function planGuardUndo(hostConfig: unknown, agents: readonly string[] | null): readonly GuardPlan[] {
  return agentIds(hostConfig).flatMap((agent): readonly GuardPlan[] => {
    if (agents !== null && !agents.includes(agent)) return [];
    const changes = [...sandboxChanges(hostConfig, agent), ...execChanges(hostConfig, agent)];
    return changes.length === 0 ? [] : [{ agent, rule: null, state: "unguarded", changes, note: null }];
  });
}

/** Only of an agent that is bound by its own settings: the rest may be another sandbox's. */
function sandboxChanges(hostConfig: unknown, agent: string): readonly GuardChange[] {
  if (!isBound(hostConfig, agent)) return [];
  return SANDBOX.flatMap(([path, value]) => {
    const current = own(hostConfig, agent, ["sandbox", ...path]);
    const isOurs = path[0] === "backend" || current === value;
    return isOurs ? unset(hostConfig, agent, ["sandbox", ...path], current) : [];
  });
}

function execChanges(hostConfig: unknown, agent: string): readonly GuardChange[] {
  const host = own(hostConfig, agent, ["tools", "exec", "host"]);
  const isOurs = host === "node" || (host === "sandbox" && isBound(hostConfig, agent));
  if (!isOurs) return [];
  const node = own(hostConfig, agent, ["tools", "exec", "node"]);
  return [
    ...unset(hostConfig, agent, ["tools", "exec", "host"], host),
    ...(host === "node" ? unset(hostConfig, agent, ["tools", "exec", "node"], node) : []),
  ];
}

function isBound(hostConfig: unknown, agent: string): boolean {
  const backend = own(hostConfig, agent, ["sandbox", "backend"]);
  return typeof backend === "string" && backend.trim().toLowerCase() === SANDBOX_BACKEND;
}

function own(hostConfig: unknown, agent: string, path: readonly string[]): unknown {
  return agentSection(hostConfig, agent, ...path.slice(0, -1))[path.at(-1) ?? ""];
}

function unset(
  hostConfig: unknown,
  agent: string,
  path: readonly string[],
  current: unknown,
): readonly GuardChange[] {
  if (typeof current !== "string" && typeof current !== "number") return [];
  return [
    { path: ["agents", "entries", agentKey(hostConfig, agent), ...path].join("."), value: null, current },
  ];
}
