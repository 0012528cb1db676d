// Agent tool node_route: where do my commands run, and why; which nodes may I use. Read-only.

import { PLUGIN_CONFIG } from "../../../config/currentConfig.ts";
import { isRecord } from "../../../shared/isRecord.ts";
import { safeJson } from "../../../shared/safeText.ts";
import { worldNow } from "../../current/worldNow.ts";
import { currentSnapshot } from "../../inventory/currentSnapshot.ts";
import { agentPolicy } from "../../policy/agentPolicy.ts";
import { explainTool } from "../../policy/explainTool.ts";
import { toolPlacement } from "../../policy/toolPlacement.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { LAST_NODES } from "../../state/lastNodes.ts";
import { toolNamed } from "../../toolCatalog/knownTools.ts";
import { nodeList } from "./nodeList.ts";
import { type ToolOutput, textResult } from "./toolOutput.ts";

export const NODE_ROUTE = {
  name: "node_route",
  label: "Node route",
  description:
    "Tells on which machine your exec and other node tools run, with its tags, place and workspace, and why. Takes an optional tool name. With list: true it lists the nodes that your rule may choose for exec instead, with state, place and tags. Changes nothing.",
  parameters: {
    type: "object",
    additionalProperties: false,
    properties: {
      tool: { type: "string", description: 'Tool to ask about; default "exec".' },
      list: { type: "boolean", description: "List the nodes that exec may run on." },
    },
  },
} as const;

/** Answers for the agent that calls; it cannot ask about another. */
export async function nodeRoute(
  deps: RouterDeps,
  agent: string | null,
  params: unknown,
): Promise<ToolOutput> {
  const config = deps.memory.part(PLUGIN_CONFIG).current;
  if (config === null || agent === null)
    return textResult("node-router is not configured for this run.", { outcome: "unrouted" });
  const policy = agentPolicy(config, deps.hostConfig(), agent);
  const snapshot = await currentSnapshot(deps, config, 0);
  const lastNodes = deps.memory.part(LAST_NODES);
  const world = worldNow(deps, config, snapshot);
  const asked = isRecord(params) ? params : {};
  if (asked.list === true) {
    const list = nodeList(policy, world, lastNodes);
    return textResult(safeJson(list, 0), list);
  }
  const tool = typeof asked.tool === "string" && asked.tool.trim() !== "" ? toolNamed(asked.tool) : "exec";
  const decision = toolPlacement(policy, tool, snapshot, lastNodes);
  const report = explainTool(policy, tool, world, deps.now(), lastNodes);
  const node = snapshot.nodes.find(({ name }) => name === report.node) ?? null;
  // The nodes that its rule does not mean are no business of the agent's: of those it reads how many there are.
  const others = new Set(
    decision.candidates().flatMap((one) => (one.reason?.about === "rule" ? [one.node] : [])),
  );
  const facts = {
    ...report,
    candidates: report.candidates.filter((candidate) => !others.has(candidate.node)),
    nodeFacts:
      node === null
        ? null
        : { tags: Object.fromEntries(node.tags), location: node.location, workspace: node.workspace },
  };
  return textResult(safeJson(facts), facts);
}
