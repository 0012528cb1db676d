// Turns names that people write into OpenClaw's own: agents, tools, paired nodes. Imports nothing of ours.

/** What OpenClaw calls an agent whose name leaves nothing to make an id of. */
const NO_AGENT_ID = "main";

const AGENT_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/i;
const NOT_IN_AGENT_ID = /[^a-z0-9_-]+/g;
const MAX_AGENT_ID_LENGTH = 64;

/** The id that OpenClaw gives an agent of this name: `Worker-HK` is `worker-hk`. The id of an id is the id. */
export function normalizeAgentId(name: string): string {
  return agentIdOf(name) ?? NO_AGENT_ID;
}

/** The same; null for a name that holds no character of an id. */
export function agentIdOf(name: string): string | null {
  const written = name.trim();
  const lower = written.toLowerCase();
  if (AGENT_ID.test(written)) return lower;
  const id = withoutEndDashes(lower.replace(NOT_IN_AGENT_ID, "-")).slice(0, MAX_AGENT_ID_LENGTH);
  return id === "" ? null : id;
}

/** Names that OpenClaw's own tools had before, or have elsewhere. */
const TOOL_ALIASES: ReadonlyMap<string, string> = new Map([
  ["bash", "exec"],
  ["apply-patch", "apply_patch"],
  ["cron", "automations"],
]);

/** The name under which OpenClaw decides about a tool: `Bash` is `exec`. */
export function normalizeToolName(name: string): string {
  const lower = name.trim().toLowerCase();
  return TOOL_ALIASES.get(lower) ?? lower;
}

/**
 * What two display names of nodes have in common when OpenClaw takes them for the same: no regard to case and
 * punctuation. Empty for a name of punctuation alone, which OpenClaw matches with nothing.
 */
export function nodeNameKey(name: string): string {
  return withoutEndDashes(
    name
      .normalize("NFC")
      .trim()
      .toLowerCase()
      .replace(/(?=\p{M})\p{Emoji_Component}/gu, "")
      .replace(/(?<![\p{L}\p{M}\p{N}])\p{M}+/gu, "")
      .replace(/[^\p{L}\p{M}\p{N}]+/gu, "-"),
  );
}

/** Linear, whatever the text: a pattern for dashes at the end would try each run of them anew. */
function withoutEndDashes(text: string): string {
  let from = 0;
  let to = text.length;
  while (text.charCodeAt(from) === DASH) from++;
  while (to > from && text.charCodeAt(to - 1) === DASH) to--;
  return text.slice(from, to);
}

const DASH = 0x2d;

/**
 * The agent that a session's key names (`agent:<id>:…`, in any case; a sandbox's scope is `agent:<id>` alone); null
 * when it names none.
 */
export function agentOfSessionKey(key: string): string | null {
  const [head = "", agent = ""] = key.trim().split(":", 2);
  return head.toLowerCase() === "agent" && agent.trim() !== "" ? normalizeAgentId(agent) : null;
}

/** The id of the agent that a call or a run is of: the host's own statement, else of its session's key, else null. */
export function agentOf({
  agentId,
  sessionKey,
}: {
  readonly agentId?: string | undefined;
  readonly sessionKey?: string | undefined;
}): string | null {
  const stated = agentId?.trim() ?? "";
  return stated === "" ? agentOfSessionKey(sessionKey ?? "") : normalizeAgentId(stated);
}
