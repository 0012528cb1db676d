// Which nodes the rules mean for an agent's tool, and the placement of a call without its parameters. Pure.
import type { Candidate, PlacementDecision } from "../placement/model/decision.ts";
import type { NodeSnapshot, NodeState } from "../placement/model/snapshot.ts";
import { COMMAND_NEEDS, WORKSPACE_NEEDS } from "../placement/model/way.ts";
import { place } from "../placement/place.ts";
import { NO_LAST_NODES } from "../state/lastNodes.ts";
import { bindingFor, commandsFor, WORKSPACE_TOOLS } from "../toolCatalog/catalog.ts";
import type { AgentPolicy } from "./agentPolicy.ts";
import type { LastNodesView } from "./callDecision.ts";

/**
 * Where a call of this tool would be placed, if the rules alone decided.
 * @param memory where the agents' calls ran until now; without it as if none had run.
 * @param kept name of the node that holds the session's files; null: none.
 */
export function toolPlacement(
  { id: agent, binding: agentBinding, config, ruleFor }: AgentPolicy,
  tool: string,
  snapshot: NodeSnapshot,
  memory: LastNodesView = NO_LAST_NODES,
  kept: string | null = null,
): PlacementDecision {
  const binding = bindingFor(tool, agentBinding);
  // The rule of exec says where the workspace is, and every workspace tool goes there.
  const ruled = binding === "workspace" && WORKSPACE_TOOLS.includes(tool) ? "exec" : tool;
  const rule = ruleFor(ruled);
  const asked = {
    agent,
    tool,
    commands: commandsFor(tool),
    needs: binding === "workspace" ? WORKSPACE_NEEDS : COMMAND_NEEDS,
    binding,
    current: rule === null ? null : memory.of(agent, rule.name),
    ...(agentBinding === "workspace" && kept !== null ? { settled: kept } : {}),
  };
  const decision = place({ ...asked, tool: ruled }, snapshot, config.rules);
  return ruled === tool ? decision : { ...decision, request: asked };
}

/**
 * What the rule of this tool says of each node over the node protocol, whatever moves with the agent and whatever the
 * call needs there: for what runs on a node as a whole.
 */
export function nodePlacement(
  { id: agent, config }: AgentPolicy,
  tool: string,
  snapshot: NodeSnapshot,
): PlacementDecision {
  const asked = { agent, tool, commands: [], needs: COMMAND_NEEDS, binding: "exec", current: null } as const;
  return place(asked, snapshot, config.rules);
}

/** What a decision says of the paired node with this id; undefined: the snapshot has none. */
export function candidateById(
  decision: PlacementDecision,
  nodeId: string,
  { nodes }: NodeSnapshot,
): Candidate | undefined {
  const name = nodes.find((node) => node.nodeId === nodeId)?.name;
  return decision.candidates().find(({ node }) => node === name);
}

/** onUnavailable: "gateway" speaks of commands; a node tool left alone could name any node, so it is refused. */
export function isNodeToolLeft({ outcome, rule, request }: PlacementDecision): boolean {
  return outcome === "unrouted" && rule !== null && !WORKSPACE_TOOLS.includes(request.tool);
}

/** The nodes that the rule of this agent's exec may choose when they are up: those that its `require` matches. */
export function allowedNodes(policy: AgentPolicy, snapshot: NodeSnapshot): readonly NodeState[] {
  const decision = nodePlacement(policy, "exec", snapshot);
  const others = new Set(
    decision.candidates().flatMap(({ node, reason }) => (reason?.about === "rule" ? [node] : [])),
  );
  return decision.rule === null ? [] : snapshot.nodes.filter((node) => !others.has(node.name));
}

/** Whether that rule allows the node with this id, connected or not. What bars it for now: `barred.ts`. */
export function ruleAllows(policy: AgentPolicy, nodeId: string, snapshot: NodeSnapshot): boolean {
  return allowedNodes(policy, snapshot).some((node) => node.nodeId === nodeId);
}
