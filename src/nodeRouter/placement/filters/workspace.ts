// Filter: a call that needs the node's files needs a POSIX shell there, and a directory that it can enter.
import type { NodeState } from "../model/snapshot.ts";
import { needsFiles } from "../model/way.ts";
import { BUILTIN_KEY } from "../selector/builtinTags.ts";
import { aboutNode, type Filter } from "./filter.ts";

export const NO_WORKSPACE = aboutNode("workspace", "had no workspace directory");

/** Without files only the working directory depends on it, so it is no error in the config. */
export const WINDOWS_WORKSPACE = aboutNode(
  "workspace",
  "had a Windows path as its workspace directory",
  "had Windows paths as their workspace directories",
);

/** By the system that the node tells: over SSH whatever answers there has a shell, or says no by itself. */
export const WINDOWS = aboutNode(
  "workspace",
  "ran Windows, where no workspace can be over the node protocol",
);

/** Whether an agent's whole workspace can be in the node's directory. */
export function hasWorkspace({ workspace }: NodeState): boolean {
  return workspace?.startsWith("/") === true;
}

/** Only of calls that need files. */
export const workspaceFilter: Filter = ({ request }) =>
  needsFiles(request)
    ? [
        { reason: WINDOWS, over: "node", keeps: ({ tags }) => tags.get(BUILTIN_KEY.os) !== "windows" },
        { reason: NO_WORKSPACE, keeps: ({ workspace }) => workspace !== null },
        { reason: WINDOWS_WORKSPACE, keeps: hasWorkspace },
      ]
    : [];
