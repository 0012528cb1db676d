// What a session's key tells. The host writes `agent:<id>:…`, for sub-agents `agent:<id>:subagent:<uuid>`.

import { agentOfSessionKey } from "../../shared/hostNames.ts";

/** The agent that a session or a sandbox scope belongs to: that of the first key that names one; null when none does. */
export function agentOfKey(...keys: readonly string[]): string | null {
  return keys.map(agentOfSessionKey).find((agent) => agent !== null) ?? null;
}
