// Gives a session something to read, and a turn to read it in, also where it is idle.
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";

/** What is used of `api.runtime`. */
export interface WakeRuntime {
  readonly system: Pick<OpenClawPluginApi["runtime"]["system"], "enqueueSystemEvent" | "requestHeartbeat">;
}

/**
 * The agent reads the text in the session's next turn, which begins within seconds, as data and not as its user's word.
 * Of two texts that are the same right after each other the host drops one: put something of its own into each.
 * @throws Error the registration that `runtime` is of was replaced
 */
export function wakeSession(
  { system }: WakeRuntime,
  { agent, session }: { readonly agent: string; readonly session: string },
  text: string,
): void {
  const of = { sessionKey: session, agentId: agent };
  system.enqueueSystemEvent(text, of);
  // Of other sources the wake is dropped where the agent has no heartbeat (OpenClaw 2026.9.6).
  system.requestHeartbeat({ source: "background-task", intent: "immediate", reason: "node-router", ...of });
}
