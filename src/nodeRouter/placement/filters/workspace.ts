// Filter: an agent's whole workspace needs a directory on the node that a POSIX shell can enter.
import type { Reason } from "../model/decision.ts";
import type { NodeState } from "../model/snapshot.ts";
import { transportFor } from "../model/transportFor.ts";
import type { Filter } from "./filter.ts";

export const NO_WORKSPACE: Reason = {
  filter: "workspace",
  one: "had no workspace directory",
  many: "had no workspace directory",
};

/** The node protocol can use it, so it is no error in the config. */
export const WINDOWS_WORKSPACE: Reason = {
  filter: "workspace",
  one: "had a Windows path as its workspace directory",
  many: "had Windows paths as their workspace directories",
};

/** Whether an agent's whole workspace can be in the node's directory. */
export function hasWorkspace({ workspace }: NodeState): boolean {
  return workspace?.startsWith("/") === true;
}

/** Over the node protocol only the working directory depends on it. */
export const workspaceFilter: Filter = ({ request }) =>
  transportFor(request.binding) === "node"
    ? []
    : [
        {
          reason: NO_WORKSPACE,
          keeps: ({ workspace }) => workspace !== null,
        },
        { reason: WINDOWS_WORKSPACE, keeps: hasWorkspace },
      ];
