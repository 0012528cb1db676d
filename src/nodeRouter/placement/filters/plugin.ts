// Filter: over the node protocol, a workspace needs this plugin on the node.
import type { NodeState } from "../model/snapshot.ts";
import { needsFiles } from "../model/way.ts";
import { aboutNode, type Filter } from "./filter.ts";

/** The plugin's command on a node. Bound to the wire by a test: nothing here knows a transport. */
export const PLUGIN_COMMAND = "node-router.workspace.v1";

export const NO_PLUGIN = aboutNode("plugin", "had no node-router plugin");

/** The list does not say of what: it may well be the plugin's command. */
export const AWAITS_REAPPROVAL = aboutNode(
  "plugin",
  "offered no node-router plugin and had commands that wait for approval",
);

/** Whether the node declares the plugin's command, and the operator has approved it. */
export function hasPlugin({ commands }: Pick<NodeState, "commands">): boolean {
  return commands.has(PLUGIN_COMMAND);
}

/** It may be on its way back: a session stays where its files are. */
const passing = () => "offers no node-router plugin now";

/** Only of calls that need files. */
export const pluginFilter: Filter = ({ request }) =>
  needsFiles(request)
    ? [
        {
          reason: AWAITS_REAPPROVAL,
          over: "node",
          keeps: (node) => hasPlugin(node) || !node.awaitsReapproval,
          passing,
        },
        { reason: NO_PLUGIN, over: "node", keeps: hasPlugin, passing },
      ]
    : [];
