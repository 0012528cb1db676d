// The names that a rule's `tools` may hold.
import { ROUTABLE_TOOLS } from "../../nodeRouter/toolCatalog/catalog.ts";

/** Only what a rule can send to a node: `files` speaks of the file tools, and `process` follows its `exec`. */
export const RULE_TOOLS: readonly string[] = ROUTABLE_TOOLS;
