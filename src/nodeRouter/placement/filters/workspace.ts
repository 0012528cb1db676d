// Filter: a call that needs the node's files needs a directory there that a POSIX shell can enter.
import type { NodeState } from "../model/snapshot.ts";
import { aboutNode, type Filter } from "./filter.ts";

export const NO_WORKSPACE = aboutNode("workspace", "had no workspace directory");

/** Without files only the working directory depends on it, so it is no error in the config. */
export const WINDOWS_WORKSPACE = aboutNode(
  "workspace",
  "had a Windows path as its workspace directory",
  "had Windows paths as their workspace directories",
);

/** Whether an agent's whole workspace can be in the node's directory. */
export function hasWorkspace({ workspace }: NodeState): boolean {
  return workspace?.startsWith("/") === true;
}

/** Only of calls that need files. */
export const workspaceFilter: Filter = ({ request }) =>
  request.needs.includes("files")
    ? [
        { reason: NO_WORKSPACE, keeps: ({ workspace }) => workspace !== null },
        { reason: WINDOWS_WORKSPACE, keeps: hasWorkspace },
      ]
    : [];
