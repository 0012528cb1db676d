// An edit of the config, planned against the config as it is: which values, in which words, and how to take it back. Pure.
import type { ConfigEdit, EditKnown, EditPlan } from "./configEdit.ts";
import { initConfig } from "./initEdit.ts";
import { removeNode, tagNode } from "./nodeEdits.ts";
import { addRule, moveRule, removeRule } from "./ruleEdits.ts";

/**
 * @param config the plugin's, as it is written or in force.
 * @throws NodeRouterError AGENT_UNKNOWN, SETUP_FAILED: it makes no sense with this config
 */
export function planEdit(config: unknown, edit: ConfigEdit, known: EditKnown): EditPlan {
  switch (edit.kind) {
    case "addRule":
      return addRule(config, edit, known);
    case "moveRule":
      return moveRule(config, edit);
    case "removeRule":
      return removeRule(config, edit);
    case "tag":
      return tagNode(config, edit, known);
    case "removeNode":
      return removeNode(config, edit, known);
    case "init":
      return initConfig(config, edit, known);
    case "undoGuard":
      return { values: [], lines: [], notes: [], undo: ["guard"] };
  }
}
