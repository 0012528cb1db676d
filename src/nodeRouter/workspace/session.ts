// What a session's key tells. The host writes `agent:<id>:…`, for sub-agents `agent:<id>:subagent:<uuid>`.

/** The agent that a session or a sandbox scope belongs to; null when the key names none. */
export function agentOfKey(...keys: readonly string[]): string | null {
  for (const key of keys) {
    const agent = /^agent:([^:]+)(?::|$)/.exec(key)?.[1];
    if (agent !== undefined) return agent;
  }
  return null;
}
