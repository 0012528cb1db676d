// Calls that no rule speaks for, on nodes with a taint: refused where the operator says `untoleratedAgents: "refuse"`. Pure.
import type { ResolvedConfig } from "../../config/resolve.ts";
import { trimmedText } from "../../shared/jsonParts.ts";
import { onceFor } from "../../shared/once.ts";
import { type Refusal, refusal } from "../../shared/refusal.ts";
import { quote, shortened } from "../../shared/safeText.ts";
import type { NodeSnapshot, NodeState } from "../placement/model/snapshot.ts";
import { keepsOff, printTaint, type Taint } from "../placement/model/taint.ts";
import { commandsFor } from "../toolCatalog/catalog.ts";
import { findNode } from "./namedNode.ts";

const SAYS = 'untoleratedAgents is "refuse"';
/** Code points of a node's name in a message. */
const MAX_SHOWN = 200;

/** Names of the nodes that are closed to calls without a rule. */
export const closedNodes: (config: ResolvedConfig) => readonly string[] = onceFor(
  ({ nodes, untoleratedAgents }: ResolvedConfig) =>
    untoleratedAgents === "leave"
      ? []
      : [...nodes.values()].flatMap(({ name, taints }) => (taints.some(keepsOff) ? [name] : [])),
);

/** Whether there is any. */
export function closesNodes(config: ResolvedConfig): boolean {
  return closedNodes(config).length > 0;
}

/**
 * Why this paired node takes no calls without a rule, as the end of a sentence: `which has taint …`; null: it may.
 * SECURITY: an id that merely answers to a tainted node's name may be that node.
 */
export function closedTo(nodeId: string, { nodes }: NodeSnapshot): string | null {
  for (const node of nodes) {
    const isIt = node.nodeId === nodeId || node.ghostIds.includes(nodeId) || node.doubt?.ids.includes(nodeId);
    if (isIt === true && closing(node).length > 0) return closedWords(node);
  }
  return null;
}

/**
 * Why a call of a tool that no rule speaks for may not go where it would; null when it may. Of `exec` the host may have
 * chosen the node itself: that is refused when it has the node prepare the command (`hooks/nodeInvokePolicy.ts`).
 */
export function untoleratedRefusal(
  agent: string,
  tool: string,
  { node: named }: Readonly<Record<string, unknown>>,
  snapshot: NodeSnapshot,
): Refusal | null {
  const name = trimmedText(named);
  if (name === null) return tool === "exec" ? null : unnamed(agent, tool, snapshot);
  const node = findNode(snapshot, name);
  if (node === null && tool === "exec") return null;
  if (node !== null && closing(node).length === 0) return null;
  const why = node === null ? "which no known node is called" : closedWords(node);
  const asked = `asked for node ${quote(shortened(name, MAX_SHOWN))}, ${why}, and no rule speaks for it (${SAYS})`;
  return refused(agent, tool, asked, snapshot);
}

/** The host would take any node that offers the tool. */
function unnamed(agent: string, tool: string, snapshot: NodeSnapshot): Refusal | null {
  const needed = commandsFor(tool);
  const closed = snapshot.nodes.find(
    (node) =>
      node.online !== false &&
      closing(node).length > 0 &&
      needed.every((command) => node.commands.has(command)),
  );
  if (closed === undefined) return null;
  const asked = `names no node, OpenClaw might choose ${quote(closed.name)}, ${closedWords(closed)}, and no rule speaks for it (${SAYS})`;
  return refused(agent, tool, asked, snapshot);
}

function refused(agent: string, tool: string, asked: string, { nodes }: NodeSnapshot): Refusal {
  const open = nodes.filter(
    (node) => node.nodeId !== null && node.online === true && closing(node).length === 0,
  );
  const names = open.slice(0, 10).map(({ name }) => quote(name));
  const advice =
    names.length === 0
      ? "add a rule that tolerates it to plugins.entries.node-router.config.rules"
      : `name one of ${names.join(", ")}`;
  return refusal("NODE_NOT_ALLOWED", `${quote(tool)} of agent ${quote(agent)} ${asked}`, { advice });
}

function closing({ taints }: NodeState): readonly Taint[] {
  return taints.filter(keepsOff);
}

function closedWords(node: NodeState): string {
  return `which has taint ${closing(node).map(printTaint).map(quote).join(", ")}`;
}
