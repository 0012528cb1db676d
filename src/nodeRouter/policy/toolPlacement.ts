// Which nodes the rules mean for an agent's tool, and the placement of a call without its parameters. Pure.
import type { Candidate, PlacementDecision } from "../placement/model/decision.ts";
import type { Rule } from "../placement/model/rule.ts";
import type { NodePressure, NodeSnapshot, NodeState } from "../placement/model/snapshot.ts";
import { COMMAND_NEEDS, WORKSPACE_NEEDS } from "../placement/model/way.ts";
import { place, placeByRule } from "../placement/place.ts";
import { NO_LAST_NODES, stickKey } from "../state/lastNodes.ts";
import { bindingFor, commandsFor, WORKSPACE_TOOLS } from "../toolCatalog/catalog.ts";
import type { AgentPolicy } from "./agentPolicy.ts";
import type { LastNodesView } from "./callDecision.ts";

/** What is known of the session that a call is made in. */
export interface HeldBy {
  /** Name of the node that holds its workspace; null: none. */
  readonly kept?: string | null;
  /** Its key: by it the node of earlier commands is found, where its rule says `stick`. Absent: none is looked for. */
  readonly sessionKey?: string;
  /** Nothing is begun: files are looked at, or a run only learns where it is. */
  readonly startsNothing?: boolean;
}

/**
 * Where a call of this tool would be placed, if the rules alone decided.
 * @param memory where the agents' calls ran until now; without it as if none had run.
 */
export function toolPlacement(
  { id: agent, binding: agentBinding, config, ruleFor }: AgentPolicy,
  tool: string,
  snapshot: NodeSnapshot,
  memory: LastNodesView = NO_LAST_NODES,
  { kept = null, sessionKey, startsNothing = false }: HeldBy = {},
): PlacementDecision {
  const binding = bindingFor(tool, agentBinding);
  // The rule of exec says where the workspace is, and every workspace tool goes there.
  const ruled = binding === "workspace" && WORKSPACE_TOOLS.includes(tool) ? "exec" : tool;
  const rule = ruleFor(ruled);
  const held = binding === "workspace" ? kept : stuckTo(rule, agent, tool, sessionKey, memory);
  const asked = {
    agent,
    tool,
    commands: commandsFor(tool),
    needs: binding === "workspace" ? WORKSPACE_NEEDS : COMMAND_NEEDS,
    binding,
    current: rule === null ? null : memory.of(agent, rule.name),
    ...(agentBinding === "workspace" && kept !== null ? { settled: kept } : {}),
    ...(held === null ? {} : { held }),
    ...(startsNothing ? { startsNothing } : {}),
    currentUnder: (name: string) => memory.of(agent, name),
  };
  const decision = place({ ...asked, tool: ruled }, snapshot, config.rules);
  return ruled === tool ? decision : { ...decision, request: asked };
}

/** Files of earlier commands are where those ran; of node tools nobody knows any. */
function stuckTo(
  rule: Rule | null,
  agent: string,
  tool: string,
  sessionKey: string | undefined,
  memory: LastNodesView,
): string | null {
  if (rule === null || tool !== "exec" || sessionKey === undefined) return null;
  const key = stickKey(rule, agent, sessionKey);
  return key === null ? null : (memory.stuck?.get(key)?.node ?? null);
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
  const asked = { ...NODE_EXEC, agent, tool };
  // A machine that hosts more than calls is not full of calls, and its turns are none of these.
  return place(asked, { ...snapshot, pressure: NO_PRESSURE }, config.rules);
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

const NO_PRESSURE: ReadonlyMap<string, NodePressure> = new Map();
const NODE_EXEC = {
  tool: "exec",
  commands: [],
  needs: COMMAND_NEEDS,
  binding: "exec",
  current: null,
} as const;

/**
 * The nodes that the rule of this agent's exec, or one that is next, may choose when they are up: those that its
 * `require` matches.
 */
export function allowedNodes(policy: AgentPolicy, snapshot: NodeSnapshot): readonly NodeState[] {
  const asked = { ...NODE_EXEC, agent: policy.id };
  const meant = new Set(
    policy.execChain.flatMap((rule) =>
      placeByRule(rule, asked, snapshot)
        .candidates()
        .flatMap(({ node, reason }) => (reason?.about === "rule" ? [] : [node])),
    ),
  );
  return snapshot.nodes.filter((node) => meant.has(node.name));
}

/** Whether that rule allows the node with this id, connected or not. What bars it for now: `barred.ts`. */
export function ruleAllows(policy: AgentPolicy, nodeId: string, snapshot: NodeSnapshot): boolean {
  return allowedNodes(policy, snapshot).some((node) => node.nodeId === nodeId);
}
