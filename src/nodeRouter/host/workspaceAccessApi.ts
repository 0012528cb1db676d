// The host's API for persona files that are elsewhere: the only file that knows its name. Own types, and a look before use.
import { messageOf } from "../../shared/errors.ts";
import { safe } from "../../shared/safeText.ts";
import { functionOf } from "./hostFunction.ts";

/** A file by its path below the agent's workspace; the host says nothing of agent, session or run. */
export interface PersonaFile {
  readonly filePath: string;
  /** Bytes; the host takes no more. */
  readonly maxBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PersonaWrite extends PersonaFile {
  readonly data: Buffer | string;
  readonly mkdir?: boolean | undefined;
}

export interface PersonaSource {
  readonly data: Buffer;
  /** Where the file really is, all symlinks resolved: two names of one file have the same. */
  readonly canonicalPath: string;
  /** The same below the workspace; absent for a file that is elsewhere. */
  readonly workspaceRelativePath?: string;
}

/**
 * What the host calls in place of its own disk (OpenClaw 2026.9.6, `AgentWorkspaceAccess`). A missing file is
 * `code: "ENOENT"`, or null of `stat`. Any other error of a read stands in the prompt in place of the file, as
 * `[UNREADABLE: …]` with the first 300 characters of its message.
 */
export interface PersonaBridge {
  /** Of the six files of a prompt, one after the other, at every turn. */
  readFileWithSource(params: PersonaFile): Promise<PersonaSource>;
  readFile(params: PersonaFile): Promise<Buffer>;
  writeFile(params: PersonaWrite): Promise<void>;
  stat(params: PersonaFile): Promise<{
    readonly type: "file" | "directory" | "other";
    readonly size: number;
    readonly mtimeMs: number;
  } | null>;
  readDirectory(
    params: PersonaFile,
  ): Promise<readonly { readonly name: string; readonly isDirectory: boolean }[]>;
}

/** The names that the host puts into prompts, in its order. */
export const PERSONA_FILES = [
  "AGENTS.md",
  "SOUL.md",
  "IDENTITY.md",
  "USER.md",
  "BOOTSTRAP.md",
  "MEMORY.md",
] as const;

/** As long as it has any content, and as long as it is in the agent's folder on the gateway, the host wants it followed. */
export const ONBOARDING_FILE = "BOOTSTRAP.md";

/** Binds a folder of the gateway. It stays bound until the gateway ends. @throws when it is bound already. */
export type BindFolder = (folder: string, bridge: PersonaBridge) => void;

export type WorkspaceAccessApi =
  | { readonly ok: true; readonly bind: BindFolder }
  | { readonly ok: false; readonly reason: string };

/**
 * Looks whether this host has the API. Never throws: without it prompts are made of the gateway's files.
 * @param load imports the host's module
 */
export async function probeWorkspaceAccessApi(
  load: () => Promise<unknown> = () => import("openclaw/plugin-sdk/agent-workspace-runtime"),
): Promise<WorkspaceAccessApi> {
  try {
    const register = functionOf(await load(), "registerAgentWorkspaceAccess");
    if (register === null) return { ok: false, reason: "registerAgentWorkspaceAccess is missing" };
    // What it returns would not free the folder: the host then refuses every turn of its agents.
    return { ok: true, bind: (folder, bridge) => void register(folder, { bridge }) };
  } catch (error) {
    return {
      ok: false,
      reason: `"openclaw/plugin-sdk/agent-workspace-runtime" cannot be loaded (${safe(messageOf(error))})`,
    };
  }
}
