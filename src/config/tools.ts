// The names that a rule's `tools` may hold.
import { ROUTABLE_TOOLS } from "../nodeRouter/toolCatalog.ts";

/** Tools without a node parameter: the ones that `files` speaks of. They move only with the whole workspace. */
const FILE_TOOLS: readonly string[] = ["read", "write", "edit", "apply_patch", "ls"];

/** `process` is among them because it follows the `exec` that started it. */
export const RULE_TOOLS: readonly string[] = [...ROUTABLE_TOOLS, "process", ...FILE_TOOLS];
