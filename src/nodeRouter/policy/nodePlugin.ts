// What a node needs so that a whole workspace can be on it over the node protocol, in words. Pure.
import { APPROVE_NODE, INSTALL_PLUGIN } from "../../shared/pluginOnNode.ts";
import { AWAITS_REAPPROVAL, NO_PLUGIN } from "../placement/filters/plugin.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";

/** What to add to the advice of a workspace's refusal because of nodes without the plugin; null: there are none. */
export function pluginAdvice({ filtered }: PlacementDecision): string | null {
  const isThere = (wanted: object): boolean => filtered.some(({ reason }) => reason === wanted);
  if (isThere(NO_PLUGIN))
    return `To have a whole workspace on a paired node, ${INSTALL_PLUGIN}; or configure SSH for it`;
  return isThere(AWAITS_REAPPROVAL) ? `If the plugin is installed on the node, run ${APPROVE_NODE}` : null;
}
