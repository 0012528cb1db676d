// Calls that no rule speaks for, on nodes that are closed to them: cordoned ones, and, where the operator says
// `untoleratedAgents: "refuse"`, tainted ones. Pure.
import type { ResolvedConfig } from "../../config/resolve.ts";
import { trimmedText } from "../../shared/jsonParts.ts";
import { onceFor } from "../../shared/once.ts";
import { type Refusal, refusal } from "../../shared/refusal.ts";
import { quote, shortened } from "../../shared/safeText.ts";
import { cordonWords } from "../placement/filters/cordon.ts";
import type { NodeSnapshot, NodeState } from "../placement/model/snapshot.ts";
import { keepsOff, printTaint } from "../placement/model/taint.ts";
import { commandsFor } from "../toolCatalog/catalog.ts";
import { findNode } from "./namedNode.ts";

/** Code points of a node's name in a message. */
const MAX_SHOWN = 200;

type Nodes = Pick<NodeSnapshot, "nodes">;

/** Names of the nodes that are closed by a taint. */
const taintedNodes: (config: ResolvedConfig) => readonly string[] = onceFor(
  ({ nodes, untoleratedAgents }: ResolvedConfig) =>
    untoleratedAgents === "leave"
      ? []
      : [...nodes.values()].flatMap(({ name, taints }) => (taints.some(keepsOff) ? [name] : [])),
);

/** The same of those that are cordoned: every call asks. */
const cordonedNodes: (snapshot: Nodes) => readonly string[] = onceFor(({ nodes }: Nodes) =>
  nodes.flatMap(({ name, cordon }) => (cordon === null ? [] : [name])),
);

/** Names of the nodes that are closed to calls without a rule. */
export function closedNodes(config: ResolvedConfig, { nodes }: Nodes): readonly string[] {
  const now = nodes.flatMap((node) => (closing(node, config) === null ? [] : [node.name]));
  return [...new Set([...taintedNodes(config), ...now])];
}

/** Whether there is any. */
export function closesNodes(config: ResolvedConfig, snapshot: Nodes): boolean {
  return taintedNodes(config).length > 0 || cordonedNodes(snapshot).length > 0;
}

/** Whether a machine that nobody can name may be one of them for good: a cordon is of a node that is known. */
export function closesUnnamed(config: ResolvedConfig): boolean {
  return taintedNodes(config).length > 0;
}

/**
 * Why this paired node takes no calls without a rule, as the end of a sentence: `which was cordoned`; null: it may.
 * SECURITY: an id that merely answers to a closed node's name may be that node.
 */
export function closedTo(nodeId: string, config: ResolvedConfig, { nodes }: Nodes): string | null {
  for (const node of nodes) {
    const isIt = node.nodeId === nodeId || node.ghostIds.includes(nodeId) || node.doubt?.ids.includes(nodeId);
    const why = isIt === true ? closing(node, config) : null;
    if (why !== null) return why;
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
  config: ResolvedConfig,
  snapshot: NodeSnapshot,
): Refusal | null {
  const name = trimmedText(named);
  const refused = (fact: string) => {
    const open = snapshot.nodes.filter(
      (node) => node.nodeId !== null && node.online === true && closing(node, config) === null,
    );
    const names = open.slice(0, 10).map((node) => quote(node.name));
    const none = "wait until the operator opens one, or have a rule added that may use it";
    const advice = names.length === 0 ? none : `name one of ${names.join(", ")}`;
    return refusal("NODE_NOT_ALLOWED", `${quote(tool)} of agent ${quote(agent)} ${fact}`, { advice });
  };
  if (name === null) {
    // The host would take any node that offers the tool.
    const closed = tool === "exec" ? undefined : unnamed(tool, config, snapshot);
    return closed === undefined
      ? null
      : refused(`names no node, OpenClaw might choose ${quote(closed.name)}, ${closing(closed, config)}`);
  }
  const node = findNode(snapshot, name);
  if (node === null && tool === "exec") return null;
  const why = node === null ? notKnown(config, snapshot) : closing(node, config);
  return why === null ? null : refused(`asked for node ${quote(shortened(name, MAX_SHOWN))}, ${why}`);
}

function unnamed(tool: string, config: ResolvedConfig, { nodes }: Nodes): NodeState | undefined {
  const needed = commandsFor(tool);
  return nodes.find(
    (node) =>
      node.online !== false &&
      closing(node, config) !== null &&
      needed.every((command) => node.commands.has(command)),
  );
}

/** OpenClaw may know a closed one by that name. */
function notKnown(config: ResolvedConfig, snapshot: NodeSnapshot): string {
  const closed = closedNodes(config, snapshot).slice(0, 10).map(quote).join(", ");
  return `which no known node is called, while calls without a rule are kept off ${closed}`;
}

function closing({ cordon, taints }: NodeState, { untoleratedAgents }: ResolvedConfig): string | null {
  const cordoned = cordonWords(cordon);
  if (cordoned !== null) return `which ${cordoned}`;
  const closed = untoleratedAgents === "leave" ? [] : taints.filter(keepsOff);
  if (closed.length === 0) return null;
  const named = closed.map(printTaint).map(quote).join(", ");
  return `which has taint ${named}, and no rule speaks for it (untoleratedAgents is "refuse")`;
}
