// Writes a guard plan into a config draft. Pure but for the draft.
import { normalizeAgentId } from "../../../shared/hostNames.ts";
import { keyFor } from "../../host/hostConfig.ts";
import type { GuardPlan } from "./guardPlan.ts";

type Draft = Record<string, unknown>;

/** The part of a path below the agent's entry, whatever the entry's key is. */
const SETTING = /^.*\.(tools\.exec|sandbox)\.([A-Za-z.]+)$/s;

/** Sets every change of the plans; agents that the file still keeps in `agents.list` are written there. */
export function applyGuard(draft: unknown, plans: readonly GuardPlan[]): void {
  if (!isDraft(draft)) return;
  for (const { agent, changes } of plans) {
    for (const { path, value } of changes) {
      const [, root = "", rest = ""] = SETTING.exec(path) ?? [];
      const keys = `${root}.${rest}`.split(".");
      const key = keys.pop();
      if (root === "" || key === undefined) continue;
      const holder = keys.reduce(folder, entryOf(folder(draft, "agents"), agent));
      if (value === null) delete holder[key];
      else holder[key] = value;
    }
  }
}

function entryOf(agents: Draft, agent: string): Draft {
  const { list } = agents;
  const listed: unknown = Array.isArray(list) ? list.find((item) => isAgent(item, agent)) : undefined;
  if (isDraft(listed)) return listed;
  const entries = folder(agents, "entries");
  return folder(entries, keyFor(entries, agent) ?? agent);
}

function isAgent(item: unknown, agent: string): boolean {
  return isDraft(item) && typeof item.id === "string" && normalizeAgentId(item.id) === agent;
}

/** The object under `key`, made when there is none. */
function folder(parent: Draft, key: string): Draft {
  const present = Object.hasOwn(parent, key) ? parent[key] : undefined;
  if (isDraft(present)) return present;
  const made: Draft = {};
  // Not an assignment: to the key `__proto__` that would set the prototype.
  Object.defineProperty(parent, key, { value: made, enumerable: true, configurable: true, writable: true });
  return made;
}

function isDraft(value: unknown): value is Draft {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
