// Whether a call of an agent that is bound to a node would really go through its sandbox, and so to the node. Pure.
import { isRecord } from "../../shared/isRecord.ts";
import { agentSetting, sandboxMode, section, settingPath } from "./hostConfig.ts";

/** What the host keeps about one session, as far as it concerns where its tools run. */
export interface SessionFacts {
  /** `sandboxMode: "off"`: an administrator took this chat out of its sandbox. */
  readonly sandboxOff: boolean;
  /** `sandbox: "required"`: the role of whoever made the session demands an isolated one. */
  readonly sandboxRequired: boolean;
  /** `read-only`, `guarded`, `workspace` or `full`; null where the config decides. */
  readonly permissionMode: string | null;
  /** Key of the session that spawned it; absent: none did. */
  readonly spawnedBy?: string;
}

/** Reads the host's session entry; null when there is none. */
export function readSessionFacts(entry: unknown): SessionFacts | null {
  if (!isRecord(entry)) return null;
  const { sandboxMode, sandbox, permissionMode, spawnedBy } = entry;
  return {
    sandboxOff: sandboxMode === "off",
    sandboxRequired: sandbox === "required",
    permissionMode: typeof permissionMode === "string" ? permissionMode : null,
    ...(typeof spawnedBy === "string" ? { spawnedBy } : {}),
  };
}

/**
 * Why a workspace tool of this session may not run; null when the host takes it to the sandbox backend. The
 * host's own question is `shouldSandboxSession` (OpenClaw 2026.9.6); what it leaves outside of the sandbox
 * would run on the gateway.
 * @param facts null: the host keeps nothing about the session.
 */
export function sandboxProblem(
  hostConfig: unknown,
  agent: string,
  sessionKey: string,
  facts: SessionFacts | null,
): string | null {
  const where = `agent "${agent}" has its workspace on a node`;
  if (facts?.sandboxRequired === true) {
    return `${where}, and the role of whoever made this session requires an isolated sandbox, which a node is not; use an agent with another sandbox.backend`;
  }
  if (sessionKey === "") return `${where}, and OpenClaw gives a call without a session no sandbox`;
  if (facts?.sandboxOff === true) {
    return `${where}, but this chat was taken out of its sandbox, so the call would run on the gateway; set sandboxMode of the session to null`;
  }
  if (sandboxMode(hostConfig, agent) !== "all" && isMainSession(hostConfig, sessionKey)) {
    const path = settingPath(hostConfig, agent, "sandbox", "mode");
    return `${where}, but ${path} is "non-main", so its main session would run on the gateway; set it to "all"`;
  }
  const access = agentSetting(hostConfig, agent, "sandbox", "workspaceAccess");
  if (access === "rw") return null;
  const path = settingPath(hostConfig, agent, "sandbox", "workspaceAccess");
  const fact = typeof access === "string" ? `is "${access}"` : 'is not set, which means "none"';
  return `${where}, but ${path} ${fact}; set it to "rw"`;
}

/** `agent:<id>:main` under each of the names that the host knows for it. */
function isMainSession(hostConfig: unknown, sessionKey: string): boolean {
  const { mainKey } = section(hostConfig, "session");
  const names = ["main", "global", ...(typeof mainKey === "string" ? [mainKey.trim().toLowerCase()] : [])];
  const key = sessionKey.trim().toLowerCase();
  return names.includes(key.replace(/^agent:[^:]+:/, ""));
}
