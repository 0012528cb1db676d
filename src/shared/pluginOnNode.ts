// How the plugin gets onto a paired node, in the words of every refusal and finding that is about it.

/** For commands that a node declares and nobody has approved yet. */
export const APPROVE_NODE =
  '"openclaw nodes approve <id>" on the gateway, with the id that "openclaw nodes pending" shows';

/** The three commands, as they stand in a sentence. */
export const INSTALL_PLUGIN = `run "openclaw plugins install openclaw-node-router" on the node, restart its node host, then ${APPROVE_NODE}`;
