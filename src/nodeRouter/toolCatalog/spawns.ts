// Which calls start or drive what runs programs on the gateway: an external harness (ACP), the set-up of a worktree.
// Pure; as in OpenClaw 2026.9.
import { paramValues } from "../../shared/hostParams.ts";

type Params = Readonly<Record<string, unknown>>;

/** What such a call would drive, in words; null when everything that it starts are agents of OpenClaw. */
export function harnessIn(params: Params): string | null {
  const { runtime } = params;
  // Anything but OpenClaw's own runtime: a value that the host reads in a way of its own must not be the way out.
  if (runtime !== undefined && runtime !== null && runtime !== "" && fold(runtime) !== "subagent") {
    return `runtime ${JSON.stringify(runtime)}`;
  }
  const session = paramValues(params, "sessionKey").find(isHarnessSession);
  return session === undefined ? null : `session ${JSON.stringify(session)}`;
}

/**
 * Whether the new session gets a worktree. OpenClaw then runs `.openclaw/worktree-setup.sh` of its repository on the
 * gateway where the run is an administrator's, and the model may name the repository (`projectGitUrl`, 2026.9.6).
 */
export function preparesWorktree({ worktree }: Params): boolean {
  return worktree !== undefined && worktree !== null && worktree !== false;
}

/** As the host's `isAcpSessionKey`: `acp:…` or `agent:<id>:acp:…`. */
function isHarnessSession(key: unknown): boolean {
  return typeof key === "string" && /^(?:agent:[^:]*:)?acp:/i.test(key.trim());
}

function fold(value: unknown): string {
  return typeof value === "string" ? value.trim().toLowerCase() : "";
}
