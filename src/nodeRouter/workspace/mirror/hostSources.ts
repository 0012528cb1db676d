// Which folders of the gateway an agent needs on its node, as OpenClaw lays them out. Checked with 2026.9.6.
import { join } from "node:path";
import type { MirrorSource } from "./mirrorSource.ts";

/** Where the host makes copies of an agent's skills, and where it tells the agent that they are: the same place. */
const SKILLS = ".openclaw/sandbox-skills";

/** Written last by the host when it copies skills, and removed first. */
const SKILLS_MARK = "skills/.openclaw-sync.json";

const INBOUND = "media/inbound";

/** The host puts the files of one message into one such folder, and never changes them. */
const STAGED = "openclaw-staged-";

/**
 * What the host tells a sub-agent where its attachments are. A login user cannot make a folder there, so they go
 * below the workspace.
 */
export const HOST_ATTACHMENTS = "/openclaw/attachments";
export const NODE_ATTACHMENTS = ".openclaw/attachments";

/** Of the host's parameters for a sandbox backend, what is about files. */
export interface HostFolders {
  /** The agent's workspace on the gateway, where inbound files are staged. */
  readonly workspaceDir: string;
  readonly skillsWorkspaceDir?: string | undefined;
  readonly readOnlyResourceMounts?:
    | readonly { readonly hostPath: string; readonly containerPath: string }[]
    | undefined;
}

/** Skills, staged attachments and read-only folders, with the place that each has below the node's workspace. */
export function hostSources(folders: HostFolders): readonly MirrorSource[] {
  const { workspaceDir, skillsWorkspaceDir, readOnlyResourceMounts = [] } = folders;
  const inbound: MirrorSource = {
    what: "attachments",
    localDir: join(workspaceDir, ...INBOUND.split("/")),
    remoteDir: INBOUND,
    mode: "add",
    include: (path) => path.startsWith(STAGED),
  };
  const skills: MirrorSource[] =
    skillsWorkspaceDir === undefined
      ? []
      : [
          {
            what: "skills",
            localDir: skillsWorkspaceDir,
            remoteDir: SKILLS,
            mode: "mirror",
            completeMark: SKILLS_MARK,
          },
        ];
  const resources = readOnlyResourceMounts.map(
    ({ hostPath, containerPath }): MirrorSource => ({
      what: "attachments",
      localDir: hostPath,
      // Several sessions of an agent share the node; each of its attachments has a folder of its own.
      mode: "add",
      remoteDir: containerPath === HOST_ATTACHMENTS ? NODE_ATTACHMENTS : containerPath,
    }),
  );
  return [...skills, inbound, ...resources];
}
