// The placement record of one call, without its parameters: what the router decides by. What becomes of the call is outlook.ts. Pure.
import type { ResolvedConfig } from "../../config/resolve.ts";
import type { Binding } from "../../shared/types.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import type { NodeSnapshot, NodeState } from "../placement/model/snapshot.ts";
import { COMMAND_NEEDS, WORKSPACE_NEEDS } from "../placement/model/way.ts";
import { place } from "../placement/place.ts";
import { firstRule } from "../placement/ruleIndex.ts";
import { type LastNodes, NO_LAST_NODES } from "../state/lastNodes.ts";
import { bindingFor, commandsFor, WORKSPACE_TOOLS } from "../toolCatalog/catalog.ts";

/**
 * Where a call of this tool would be placed.
 * @param lastNodes where the agents' calls ran until now; without it as if none had run.
 */
export function explainCall(
  config: ResolvedConfig,
  agent: string,
  tool: string,
  agentBinding: Binding,
  snapshot: NodeSnapshot,
  lastNodes: Pick<LastNodes, "of"> = NO_LAST_NODES,
): PlacementDecision {
  const binding = bindingFor(tool, agentBinding);
  // The rule of exec says where the workspace is, and every workspace tool goes there.
  const ruled = binding === "workspace" && WORKSPACE_TOOLS.includes(tool) ? "exec" : tool;
  const rule = firstRule(config.rules, agent, ruled);
  const current = rule === null ? null : lastNodes.of(agent, rule.name);
  const needs = binding === "workspace" ? WORKSPACE_NEEDS : COMMAND_NEEDS;
  const asked = { agent, tool, commands: commandsFor(tool), needs, binding, current };
  const decision = place({ ...asked, tool: ruled }, snapshot, config.rules);
  return ruled === tool ? decision : { ...decision, request: asked };
}

/** onUnavailable: "gateway" speaks of commands; a node tool left alone could name any node, so it is refused. */
export function isNodeToolLeft({ outcome, rule, request }: PlacementDecision): boolean {
  return outcome === "unrouted" && rule !== null && !WORKSPACE_TOOLS.includes(request.tool);
}

/** The nodes that the rule of this agent's exec may choose when they are up: those that its `require` matches. */
export function allowedNodes(
  config: ResolvedConfig,
  agent: string,
  snapshot: NodeSnapshot,
): readonly NodeState[] {
  const decision = place(
    { agent, tool: "exec", commands: [], needs: COMMAND_NEEDS, binding: "exec", current: null },
    snapshot,
    config.rules,
  );
  const excluded = new Set(
    decision.candidates().flatMap(({ node, reason }) => (reason?.about === "rule" ? [node] : [])),
  );
  return decision.rule === null ? [] : snapshot.nodes.filter((node) => !excluded.has(node.name));
}

/** Whether that rule allows the node with this id, connected or not. */
export function ruleAllows(
  config: ResolvedConfig,
  agent: string,
  nodeId: string,
  snapshot: NodeSnapshot,
): boolean {
  return allowedNodes(config, agent, snapshot).some((node) => node.nodeId === nodeId);
}
